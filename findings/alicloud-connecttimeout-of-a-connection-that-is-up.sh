#!/bin/sh
# "ConnectTimeout: Connect ... failed" of Alibaba Cloud's Node SDK also comes where the connection is up and the answer is
# late: connectTimeout limits the wait for the answer, too.
#
# One would guess that connectTimeout ends with the TCP connection and readTimeout counts from there. But httpx, the SDK's
# transport, sets connectTimeout as the time that the socket may be idle, and the socket is idle while the service works.
# The shorter of the two wins, and the message sends people to firewalls and security groups for a slow API. Without
# either of them both are 3 s; so readTimeout alone cannot make the SDK wait longer than that.
#
# Seen with @alicloud/ecs20140526 7.11.6, @alicloud/openapi-core 1.0.8, @darabonba/typescript 1.0.5, httpx 2.3.3, Node 20,
# 30 November 2026, against a server that accepts at once and answers never, or after 4 s:
#   never, connectTimeout 1500, readTimeout 60000: connected, request received; ConnectTimeout
#   never, connectTimeout 60000, readTimeout 1500: connected, request received; ReadTimeout(1500)
#   after 4 s, readTimeout 60000: connected, request received; ConnectTimeout
#   after 4 s, readTimeout 60000, connectTimeout 60000: connected, request received; answered
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --ignore-scripts @alicloud/ecs20140526@7.11.6 \
    @alicloud/openapi-core@1.0.8 @darabonba/typescript@1.0.5 httpx@2.3.3 >/dev/null
cat >try.js <<'END'
const http = require('http');
const ecs = require('@alicloud/ecs20140526');
const { Config } = require('@alicloud/openapi-core').$OpenApiUtil;
const { RuntimeOptions } = require('@darabonba/typescript');
let late;
let seen;
const server = http.createServer((request, response) => {
    seen.push('request received');
    if (late) {
        setTimeout(() => {
            response.writeHead(200, { 'content-type': 'application/json' });
            response.end('{"RequestId":"1","Regions":{"Region":[]}}');
        }, late);
    }
}).on('connection', () => seen.push('connected')).listen(0, '127.0.0.1', async () => {
    const attempt = async (name, wait, runtime) => {
        const client = new ecs.default(new Config({ accessKeyId: 'id', accessKeySecret: 'secret', protocol: 'http',
            regionId: 'cn-hangzhou', endpoint: '127.0.0.1:' + server.address().port }));
        late = wait;
        seen = [];
        const result = await client.describeRegionsWithOptions(new ecs.DescribeRegionsRequest({}), new RuntimeOptions(runtime))
            .then(() => 'answered', error => /(ConnectTimeout|ReadTimeout\(1500\))/.exec(error.message)[1]);
        server.closeAllConnections();
        const options = Object.entries(runtime).map(([option, value]) => `${option} ${value}`).join(', ');
        console.log(`${name}, ${options}: ${seen.join(', ')}; ${result}`);
    };
    await attempt('never', 0, { connectTimeout: 1500, readTimeout: 60000 });
    await attempt('never', 0, { connectTimeout: 60000, readTimeout: 1500 });
    await attempt('after 4 s', 4000, { readTimeout: 60000 });
    await attempt('after 4 s', 4000, { readTimeout: 60000, connectTimeout: 60000 });
    server.close();
});
END
env -i PATH="$PATH" HOME="$dir" node try.js | tee seen
cmp - seen <<'END'
never, connectTimeout 1500, readTimeout 60000: connected, request received; ConnectTimeout
never, connectTimeout 60000, readTimeout 1500: connected, request received; ReadTimeout(1500)
after 4 s, readTimeout 60000: connected, request received; ConnectTimeout
after 4 s, readTimeout 60000, connectTimeout 60000: connected, request received; answered
END
