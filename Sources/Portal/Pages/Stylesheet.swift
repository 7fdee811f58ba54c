/// The one stylesheet of the pages.
///
/// Pages carry no style of their own (the content security policy refuses it); what they need is a class in here.
enum Stylesheet {
    /// Where it is served. The name changes with the text, so that browsers may keep it for ever.
    static let path: String = "/assets/carekeep.\(Stylesheet.hash).css"

    static let address: Address = "/assets/carekeep.\(Stylesheet.hash).css"

    /// FNV-1a of the text: tells versions apart and promises nothing.
    private static let hash: String = {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in Stylesheet.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }()

    /// The colours have a contrast of at least 4.5 to 1 for words and 3 to 1 for lines that mean something, by day and
    /// by night. Nothing is told by colour alone.
    static let text: String = """
        :root {
          color-scheme: light dark;
          --ground: #f6f4ef; --sheet: #ffffff; --ink: #1d2a30; --soft: #51616a; --line: #d9d5cb; --edge: #7d8a91;
          --accent: #0b5563; --accent-deep: #083f4a; --on-accent: #ffffff; --tint: #e3eff0; --focus: #b3540a;
          --care: #8a3b12; --care-tint: #fbeee4; --curve: #0b5563; --bar: #7a5ea8; --rule: #e4e0d6; --visit: #8a5a00;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #12191c; --sheet: #1b2529; --ink: #e6ebec; --soft: #a9b7bc; --line: #34434a; --edge: #7f9098;
            --accent: #7fcad6; --accent-deep: #a9dee6; --on-accent: #06262c; --tint: #1f363b; --focus: #ffb46b;
            --care: #ffb98f; --care-tint: #3a2a20; --curve: #7fcad6; --bar: #b9a3e3; --rule: #2b383e; --visit: #e8bd6a;
          }
        }
        *, *::before, *::after { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
        body {
          margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: break-word;
          font: 1.0625rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
        }
        bdi, dd, td, blockquote, .what a { unicode-bidi: isolate; }
        h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; font-weight: 650; text-wrap: balance; }
        h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.2rem 0 .6rem; font-weight: 650; }
        h3, h4 { margin: 0; }
        p { margin: 0 0 .8rem; max-width: 42rem; }
        ul { padding-left: 1.2rem; }
        a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: .07em; }
        a:hover { color: var(--accent-deep); text-decoration-thickness: .14em; }
        :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
        main:focus { outline: none; }
        .inner, main { max-width: 62rem; margin: 0 auto; padding: 0 1rem; }
        main { padding-top: 1.5rem; padding-bottom: 3rem; }
        .narrow { max-width: 30rem; margin: 0 auto; }
        .lead { font-size: 1.1rem; color: var(--soft); }
        .hint { color: var(--soft); font-size: .95rem; }
        .hidden {
          position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
        }
        .skip {
          position: absolute; left: 1rem; top: -6rem; z-index: 2; background: var(--sheet); color: var(--accent);
          padding: .75rem 1rem;
        }
        .skip:focus { top: .5rem; }

        .top { background: var(--sheet); border-bottom: 1px solid var(--line); }
        .top .inner { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; padding-top: .4rem; padding-bottom: .4rem; }
        .home { display: inline-flex; align-items: center; gap: .55rem; min-height: 44px; color: var(--ink); font-weight: 650; text-decoration: none; }
        .mark-ground { fill: var(--accent); } .mark-dot { fill: #ffd9a0; }
        .mark-hands { fill: none; stroke: var(--on-accent); stroke-width: 3; stroke-linecap: round; }
        @media (prefers-color-scheme: dark) { .mark-dot { fill: #7a3b00; } }
        .organization { color: var(--soft); border-left: 1px solid var(--line); padding-left: 1rem; }
        .top ul { display: flex; flex-wrap: wrap; gap: .25rem; list-style: none; margin: 0; padding: 0; }
        .top nav a { display: inline-flex; align-items: center; min-height: 44px; padding: 0 .6rem; border-radius: 8px; text-decoration: none; }
        .top nav a[aria-current] { background: var(--tint); font-weight: 600; }
        .sign-out { display: flex; align-items: center; gap: .75rem; margin-left: auto; }
        .who { color: var(--soft); font-size: .95rem; } .who a { display: inline-flex; align-items: center; min-height: 44px; }
        .bottom { border-top: 1px solid var(--line); color: var(--soft); font-size: .95rem; }
        .bottom .inner { padding-top: 1.2rem; padding-bottom: 2rem; }
        .bottom a { display: inline-flex; min-height: 44px; align-items: center; }

        .card { background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.2rem; margin: 1rem 0; }
        section.card h2:first-child, nav.card h2 { margin-top: 0; }
        .card > :last-child { margin-bottom: 0; }
        summary { cursor: pointer; min-height: 44px; display: flex; align-items: center; gap: .5rem; font-weight: 600; color: var(--accent); }
        summary::-webkit-details-marker { display: none; }
        summary::before { content: "+"; display: inline-block; width: 1em; font-weight: 400; font-size: 1.3em; line-height: 1; text-align: center; }
        details[open] > summary::before { content: "–"; }
        details.card { padding-top: .2rem; padding-bottom: .2rem; }
        details.card[open] { padding-bottom: 1.1rem; }

        button, .button {
          display: inline-flex; align-items: center; justify-content: center; min-height: 48px; padding: .5rem 1.3rem;
          border: 1px solid transparent; border-radius: 10px; background: var(--accent); color: var(--on-accent);
          font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
        }
        button:hover, .button:hover { background: var(--accent-deep); color: var(--on-accent); }
        button.quiet, .button.quiet { background: transparent; color: var(--accent); border-color: var(--edge); min-height: 44px; font-weight: 500; }
        button.quiet:hover, .button.quiet:hover { background: var(--tint); color: var(--accent-deep); }
        .buttons { display: flex; flex-wrap: wrap; gap: .75rem; }
        section.card form { max-width: 34rem; } form + .hint { margin-top: .6rem; }
        .field { margin: 0 0 1.1rem; }
        .field label { display: block; font-weight: 600; }
        .field .hint, .field .error { margin: 0 0 .25rem; }
        .ticks { border: 0; padding: 0; margin: 0 0 1.1rem; min-width: 0; } .ticks.wrong { padding-left: .8rem; border-left: 4px solid var(--care); }
        .ticks legend { font-weight: 600; padding: 0; }
        .tick { display: flex; align-items: center; gap: .7rem; min-height: 44px; }
        .tick input { flex: none; width: 1.4rem; height: 1.4rem; min-height: 0; margin: 0; padding: 0; accent-color: var(--accent); }
        input, select, textarea {
          display: block; width: 100%; min-height: 48px; margin-top: .25rem; padding: .5rem .75rem; font: inherit;
          color: var(--ink); background: var(--sheet); border: 1px solid var(--edge); border-radius: 8px;
        }
        textarea { min-height: 9rem; resize: vertical; line-height: 1.5; }
        .said { white-space: pre-line; overflow-wrap: anywhere; }
        .wrong { border-left: 4px solid var(--care); padding-left: .8rem; }
        .error { color: var(--care); font-weight: 600; }
        .row { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr)); gap: 0 1rem; align-items: end; }
        .problem, .notice { border-radius: 10px; padding: .8rem 1rem; margin: 1rem 0; border: 1px solid var(--line); }
        .problem { background: var(--care-tint); border-color: var(--care); }
        .notice { background: var(--tint); }
        .problem p, .notice p { margin: 0; }
        .empty { color: var(--soft); background: var(--sheet); border: 1px dashed var(--edge); border-radius: 12px; padding: 1.2rem; max-width: none; }
        ul.plain { list-style: none; padding: 0; }
        .links { list-style: none; padding: 0; } .links a { display: inline-flex; align-items: center; min-height: 44px; }
        .narrow ul.plain li { padding-left: 1.4rem; position: relative; margin-bottom: .5rem; }
        .narrow ul.plain li::before { content: ""; position: absolute; left: .2rem; top: .6em; width: .5rem; height: .5rem; border-radius: 50%; background: var(--accent); }
        .choices { list-style: none; padding: 0; display: grid; grid-template-columns: minmax(0, 1fr); gap: .75rem; }
        button.choice { width: 100%; flex-wrap: wrap; justify-content: space-between; gap: .2rem 1rem; overflow-wrap: anywhere; background: var(--sheet); color: var(--ink); border-color: var(--edge); padding: 1rem 1.2rem; text-align: left; font-weight: 400; }
        button.choice:hover { background: var(--tint); color: var(--ink); }
        button.choice span { color: var(--soft); }

        .people, .readers { list-style: none; padding: 0; margin: 1rem 0; display: grid; grid-template-columns: minmax(0, 1fr); gap: .6rem; }
        .person { display: flex; gap: 1rem; align-items: center; padding: .9rem 1rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; color: var(--ink); text-decoration: none; }
        .person:hover { border-color: var(--accent); color: var(--ink); }
        .person .name { color: var(--accent); text-decoration: underline; text-underline-offset: .18em; text-decoration-thickness: .07em; }
        .initial { flex: none; width: 2.6rem; height: 2.6rem; border-radius: 50%; background: var(--tint); color: var(--accent); display: grid; place-items: center; font-weight: 650; }
        .about { display: flex; flex-direction: column; min-width: 0; }
        .about span { color: var(--soft); font-size: .97rem; }
        .name { font-size: 1.08rem; }
        .reader { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: .6rem 1rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; padding: .9rem 1.1rem; }
        .reader p { margin: 0; }

        .back a { display: inline-flex; align-items: center; min-height: 44px; text-decoration: none; }
        .back a::before { content: "←"; margin-right: .5rem; }
        .patient .life, .patient .ids { color: var(--soft); margin: 0; }
        .patient .ids, .about .ids { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
        .tabs { margin: 1rem 0 1.5rem; border-bottom: 1px solid var(--line); }
        .tabs ul { display: flex; flex-wrap: wrap; gap: 0 .25rem; list-style: none; margin: 0; padding: 0; }
        .tabs a { display: inline-flex; align-items: center; min-height: 46px; padding: 0 .9rem; text-decoration: none; border-bottom: 3px solid transparent; white-space: nowrap; }
        .tabs a[aria-current] { border-bottom-color: var(--accent); color: var(--ink); font-weight: 600; }
        .tabs a:focus-visible, .chips a:focus-visible { outline-offset: -3px; }
        .chips ul { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; margin: 0 0 1rem; padding: 0; }
        .chips a { display: inline-flex; align-items: center; min-height: 44px; padding: 0 .9rem; border: 1px solid var(--line); border-radius: 22px; background: var(--sheet); text-decoration: none; }
        .chips a[aria-current] { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }

        .picture figure { margin: 0; background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; padding: 1rem; }
        .picture figcaption { color: var(--soft); font-size: .95rem; margin-top: .6rem; max-width: 44rem; }
        .chart { display: block; width: 100%; height: auto; font-family: inherit; }
        .chart.narrow { display: none; max-width: none; }
        .chart text { font-size: 12px; fill: var(--soft); }
        .chart .head { font-weight: 650; fill: var(--ink); font-size: 13px; }
        .chart .label { fill: var(--ink); }
        .chart .number { text-anchor: end; }
        .chart .none { font-style: italic; }
        .chart .rule { stroke: var(--rule); }
        .chart .tick { stroke: var(--rule); }
        .chart .axis { stroke: var(--edge); }
        .chart .curve { fill: none; stroke: var(--curve); stroke-width: 1.6; stroke-linejoin: round; }
        .chart .dots { fill: var(--curve); }
        .chart .bar, .chart .onward { fill: var(--bar); }
        .chart .fading { stroke: var(--bar); stroke-width: 2; stroke-dasharray: 2 4; }
        .chart .visits { stroke: var(--visit); stroke-width: 2.5; }
        .scroll { overflow: auto; max-height: 24rem; margin: .5rem 0 1rem; }
        .scroll.whole { max-height: none; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        caption { text-align: left; font-weight: 650; padding: .3rem 0; }
        th, td { text-align: left; vertical-align: top; padding: .45rem .8rem .45rem 0; border-bottom: 1px solid var(--line); }

        .year { font-size: 1.15rem; margin: 1.6rem 0 .2rem; font-weight: 650; }
        .month { font-size: 1rem; color: var(--soft); margin: 1rem 0 .3rem; font-weight: 600; }
        .timeline { list-style: none; margin: 0; padding: 0; background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; }
        .entry { position: relative; display: grid; grid-template-columns: 4.6rem 8rem 1fr; gap: 0 1rem; padding: 0 1.1rem; align-items: baseline; }
        .entry.first { border-top: 1px solid var(--line); }
        .entry:first-child { border-top: 0; }
        .entry .day { font-weight: 600; font-variant-numeric: tabular-nums; }
        .entry .day.again { color: transparent; }
        .kind { color: var(--soft); font-size: .93rem; }
        .entry .what { display: flex; flex-wrap: wrap; column-gap: .6rem; align-items: baseline; }
        .entry .what a { display: inline-block; min-height: 44px; padding: .6rem 0; font-weight: 500; }
        .mistake { font-size: .9rem; color: var(--care); font-style: italic; }
        .pages ul { display: flex; justify-content: space-between; gap: 1rem; list-style: none; padding: 0; margin: 1.2rem 0; }

        .record .sentence { font-size: 1.2rem; line-height: 1.45; }
        .facts { margin: 0; }
        .facts div { display: grid; grid-template-columns: 13rem 1fr; gap: 0 1.2rem; padding: .5rem 0; border-top: 1px solid var(--line); }
        .facts dt { color: var(--soft); grid-row: span 30; }
        .facts dd { margin: 0; grid-column: 2; }
        .place { overflow-wrap: anywhere; user-select: all; }
        .note { margin: 1rem 0 0; padding: .6rem 1rem; border-left: 4px solid var(--accent); background: var(--tint); border-radius: 0 8px 8px 0; white-space: pre-line; }
        .note p { margin: 0; }
        pre { overflow: auto; max-height: 32rem; font-size: .875rem; line-height: 1.45; background: var(--ground); border-radius: 8px; padding: 1rem; margin: 0; }
        .versions li { margin-bottom: .4rem; } .versions a { display: inline-block; padding: .55rem 0; }
        .looks h2 { font-size: 1.05rem; margin: 1.5rem 0 .3rem; color: var(--soft); }
        .looks ul { list-style: none; margin: 0; padding: 0; background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; }
        .look { padding: .7rem 1.1rem; border-top: 1px solid var(--line); }
        .look:first-child { border-top: 0; }
        .look p { margin: 0; }
        .look.refused { border-left: 5px solid var(--care); background: var(--care-tint); }
        .look.refused .hint { color: var(--ink); }
        .tag { color: var(--care); }
        .id { font-variant-numeric: tabular-nums; user-select: all; }

        .counts { display: grid; grid-template-columns: repeat(auto-fit, minmax(6.8rem, 1fr)); gap: .6rem; margin: 1rem 0; }
        .counts div { display: flex; flex-direction: column-reverse; justify-content: flex-end; background: var(--sheet); border: 1px solid var(--line); border-top: 4px solid var(--edge); border-radius: 10px; padding: .6rem .8rem; }
        .counts dt { color: var(--soft); font-size: .93rem; line-height: 1.3; }
        .counts dd { margin: 0; font-size: 1.7rem; font-weight: 650; font-variant-numeric: tabular-nums; }
        .counts .kept, .counts .partly { border-top-color: var(--accent); } .counts .vouched { border-top-color: var(--bar); } .counts .short { border-top-color: var(--care); }
        .promise { background: var(--sheet); border: 1px solid var(--line); border-left: 5px solid var(--edge); border-radius: 10px; padding: .9rem 1.1rem; margin: .7rem 0; }
        .promise h3 { font-size: 1.08rem; line-height: 1.4; font-weight: 600; max-width: 46rem; margin: 0 0 .3rem; }
        .promise p { margin: 0 0 .35rem; max-width: 46rem; }
        .promise.kept { border-left-color: var(--accent); } .promise.partly { border-left-style: double; border-left-color: var(--accent); }
        .promise.short { border-left-color: var(--care); background: var(--care-tint); }
        .promise.vouched { border-left-color: var(--bar); } .promise.vouched .standing strong::before { content: "”"; }
        .promise.old { border-left-style: dashed; } .promise.gap { border-left-style: dotted; }
        .promise .standing strong::before { display: inline-block; width: 1.4em; font-weight: 650; }
        .promise.kept .standing strong::before { content: "✓"; } .promise.partly .standing strong::before { content: "◐"; }
        .promise.short .standing strong::before { content: "!"; } .promise.old .standing strong::before { content: "?"; }
        .promise.gap .standing strong::before { content: "–"; }
        .promise.kept .standing, .promise.partly .standing { color: var(--accent); } .promise.short .standing { color: var(--care); }
        .promise .standing .id { color: var(--soft); font-size: .9rem; margin-left: .4rem; }
        .how, .missing { color: var(--soft); font-size: .97rem; } .missing strong { color: var(--ink); font-weight: 600; }
        .checks { list-style: none; margin: .5rem 0 0; padding: 0; font-size: .93rem; color: var(--soft); }
        .checks li { border-top: 1px solid var(--line); padding: .5rem 0 .1rem; }
        .checks .seen { display: block; color: var(--ink); }
        .past { float: right; margin: .2rem 0 .3rem 1rem; } .past .well { fill: var(--accent); } .past .ill { fill: var(--care); }
        .checks .evidence { display: block; } .checks code, .digest { overflow-wrap: anywhere; }
        .vouchings { list-style: none; padding: 0; } .vouchings h2 { font-size: 1.08rem; line-height: 1.4; font-weight: 600; margin: 0 0 .3rem; max-width: 46rem; }
        .vouching form { margin-top: 1rem; max-width: 34rem; } .vouching h3 { margin-bottom: .3rem; } .vouching details { margin-top: .6rem; }
        .checks .details { list-style: disc; margin: .2rem 0 .4rem; padding-left: 1.2rem; color: var(--ink); overflow-wrap: anywhere; }
        .checks .details li { border: 0; padding: .1rem 0; }
        .key code { overflow-wrap: anywhere; user-select: all; }
        .qr { display: block; width: 15rem; max-width: 100%; height: auto; border-radius: 8px; border: 1px solid var(--line); }
        .codes { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(12rem, 100%), 1fr)); gap: .4rem; font-size: 1.1rem; user-select: all; }

        @media (max-width: 44rem) {
          .organization { flex: 1 1 60%; min-width: 0; border: 0; padding: 0; font-size: .93rem; overflow-wrap: anywhere; }
          .top .inner:has(.sign-out):has(.organization) .home span { position: absolute; clip-path: inset(50%); }
          .sign-out { flex: 1 1 auto; flex-wrap: wrap; justify-content: flex-end; } .sign-out button { padding: .3rem .9rem; }
          .top nav { margin-left: -.6rem; } .who .prefix { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          .chart.wide { display: none; } .chart.narrow { display: block; }
          .picture figure { padding: .8rem .5rem; } .picture figcaption { padding: 0 .4rem; }
          .entry { grid-template-columns: 1fr auto; padding: .5rem 1rem .4rem; }
          .entry .day { grid-row: 1; grid-column: 1; } .entry .day.again { display: none; }
          .entry .kind { grid-row: 1; grid-column: 2; } .entry .day.again + .kind { grid-column: 1 / -1; }
          .entry .what { grid-column: 1 / -1; }
          .entry .what a { padding: .55rem 0; }
          .entry .kind.again { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          .entry:has(> .again + .kind.again) { padding-top: 0; }
          .facts div { grid-template-columns: 1fr; } .facts dd { grid-column: 1; }
          .reader form, .reader button { width: 100%; }
        }
        @media (prefers-reduced-motion: no-preference) { a, button, .person { transition: background-color .12s, border-color .12s; } }
        @media (forced-colors: active) { .chart .bar, .chart .dots { fill: CanvasText; } .chart .curve, .chart .visits { stroke: CanvasText; } }
        @media print {
          :root { color-scheme: light; --on-accent: #fff; --tint: #eee; --care: #000; --care-tint: #fff; --edge: #777; --ground: #fff; --sheet: #fff; --ink: #000; --soft: #333; --line: #bbb; --accent: #000; --curve: #000; --bar: #666; --visit: #000; --rule: #ddd; }
          body { font-size: 10.5pt; }
          .top nav, .sign-out, .skip, .tabs, .back, .chips, .pages, .bottom, form, details:not([open]) { display: none; }
          main { max-width: none; padding: 0; }
          .card, .timeline, .picture figure, .look { border-radius: 0; }
          .entry, .look, .facts div, figure, .promise, .counts { break-inside: avoid; }
          .promise, .counts div { border-radius: 0; padding: .4rem .7rem; } .counts { grid-template-columns: repeat(8, 1fr); }
          h2, h3, h4 { break-after: avoid; }
          .scroll, pre { max-height: none; overflow: visible; }
          a { color: inherit; text-decoration: none; }
        }

        """
}
