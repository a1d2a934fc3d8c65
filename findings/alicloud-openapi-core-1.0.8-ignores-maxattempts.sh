#!/bin/sh
# Alibaba Cloud's Node SDK takes RuntimeOptions with autoretry and maxAttempts for each call, and never looks at them.
#
# Both are documented members of the options of every operation, and one would guess that a call with autoretry: true
# and maxAttempts: 3 is sent up to three times when the service is unavailable. It is sent once. Only retryOptions of
# the client's Config counts, which names the error codes that are worth another attempt.
#
# Seen with @alicloud/ecs20140526 7.11.6, @alicloud/openapi-core 1.0.8, @darabonba/typescript 1.0.5, Node 20,
# 30 November 2026, against a server that answers 503 ServiceUnavailable:
#   autoretry and maxAttempts 3 of the call: 1 request
#   retryOptions of the client, maxAttempts 3: 3 requests
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --ignore-scripts @alicloud/ecs20140526@7.11.6 \
    @alicloud/openapi-core@1.0.8 @darabonba/typescript@1.0.5 >/dev/null
cat >try.js <<'END'
const http = require('http');
const ecs = require('@alicloud/ecs20140526');
const { Config } = require('@alicloud/openapi-core').$OpenApiUtil;
const { RetryOptions, RuntimeOptions } = require('@darabonba/typescript');
let requests;
const server = http.createServer((request, response) => {
    requests++;
    response.writeHead(503, { 'content-type': 'application/json' });
    response.end('{"Code":"ServiceUnavailable","Message":"busy","RequestId":"1"}');
}).listen(0, '127.0.0.1', async () => {
    const attempt = async (name, config, runtime) => {
        const client = new ecs.default(new Config({ accessKeyId: 'id', accessKeySecret: 'secret', protocol: 'http',
            regionId: 'cn-hangzhou', endpoint: '127.0.0.1:' + server.address().port, ...config }));
        requests = 0;
        await client.describeRegionsWithOptions(new ecs.DescribeRegionsRequest({}), new RuntimeOptions(runtime))
            .catch(error => { if (error.code !== 'ServiceUnavailable') throw error; });
        console.log(`${name}: ${requests} request${requests === 1 ? '' : 's'}`);
    };
    await attempt('autoretry and maxAttempts 3 of the call', {}, { autoretry: true, maxAttempts: 3 });
    await attempt('retryOptions of the client, maxAttempts 3', { retryOptions: new RetryOptions({ retryable: true,
        retryCondition: [{ maxAttempts: 3, exception: [], errorCode: ['ServiceUnavailable'] }] }) }, {});
    server.close();
    server.closeAllConnections();
});
END
env -i PATH="$PATH" HOME="$dir" node try.js | tee seen
printf '%s\n' 'autoretry and maxAttempts 3 of the call: 1 request' 'retryOptions of the client, maxAttempts 3: 3 requests' |
    cmp - seen
