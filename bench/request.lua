-- What wrk sends. Set by bench/run: TOKEN, PATHS (a file with one path a line), BODY (a file; empty to read), METHOD.
-- In a body, {n} is replaced by a number that no other request of the run has, {id} by the last part of the path.
-- Whoever writes takes the paths in turn, so that no two requests under way write the same record.

local token = os.getenv("TOKEN")
local method = os.getenv("METHOD")
local paths, body = {}, nil
local thread_count = 0

function setup(thread)
    thread_count = thread_count + 1
    thread:set("number", thread_count)
end

function init(args)
    for line in io.lines(os.getenv("PATHS")) do paths[#paths + 1] = line end
    local file = os.getenv("BODY")
    if file and file ~= "" then body = io.open(file):read("*a") end
    math.randomseed(os.time() + number)
    count = 0
    wrk.headers["Authorization"] = "Bearer " .. token
    wrk.headers["Accept"] = "application/fhir+json"
    if body then wrk.headers["Content-Type"] = "application/fhir+json" end
end

function request()
    if not body then return wrk.format("GET", paths[math.random(#paths)]) end
    count = count + 1
    local text = body:gsub("{n}", number .. "-" .. count)
    local path = paths[count % #paths + 1]
    text = text:gsub("{id}", path:match("[^/]+$"))
    return wrk.format(method, path, nil, text)
end

function done(summary, latency, requests)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format("result %d %d %d %d %d\n", summary.requests, summary.duration, failed,
        latency:percentile(50), latency:percentile(99)))
end
