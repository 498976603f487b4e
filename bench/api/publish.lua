-- SPDX-License-Identifier: Apache-2.0
-- What wrk sends: publishes of some 128 bytes, into one of a hundred rooms in turn. They are made
-- before, and answers are not looked at: run.sh asks afterwards what the rooms have got.
local requests = {}
local n = 0

init = function()
  for i = 1, 100 do
    local body = string.format('{"channel":"room-%d","data":{"n":%d,"text":"%s"}}', i, i,
                               string.rep("x", 100))
    requests[i] = wrk.format("POST", "/api/publish", {["X-API-Key"] = "0123456789abcdef"}, body)
  end
end

request = function()
  n = n % 100 + 1
  return requests[n]
end
