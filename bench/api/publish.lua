-- SPDX-License-Identifier: Apache-2.0
-- What wrk sends: a publish of 128 bytes, into one of a hundred rooms in turn.
local n = 0
local text = string.rep("x", 100)

request = function()
  n = n + 1
  local body = string.format('{"channel":"room-%d","data":{"n":%d,"text":"%s"}}', n % 100, n, text)
  return wrk.format("POST", "/api/publish", {["X-API-Key"] = "0123456789abcdef"}, body)
end

local bad = 0
response = function(status, _, body)
  if status ~= 200 or not string.find(body, '"result"', 1, true) then bad = bad + 1 end
  if bad == 1 then io.stderr:write("not published: ", status, " ", body, "\n") end
end
