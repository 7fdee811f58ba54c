-- The way back. What probes saw is lost with it; each result stays as an entry of the trail. The canaries stay organisations to
-- which nobody belongs.

drop table care.probe_result, care.canary;
