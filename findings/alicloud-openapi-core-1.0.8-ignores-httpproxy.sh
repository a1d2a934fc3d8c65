#!/bin/sh
# Alibaba Cloud's Node SDK takes httpProxy and httpsProxy, for the client and for a call, and connects directly.
#
# The generic client copies both into the options of the request, where the transport (@darabonba/typescript) has no use
# for them: it builds its own agent. HTTP_PROXY in the environment has no effect either. So where a proxy is the only way
# out, a program that was given the proxy times out all the same; and where there is another way, the call comes from an
# address that nobody expects.
#
# Seen with @alicloud/ecs20140526 7.11.6, @alicloud/openapi-core 1.0.8, @darabonba/typescript 1.0.5, Node 20,
# 30 November 2026:
#   httpProxy of the call: service 1, proxy 0
#   httpProxy of the client: service 1, proxy 0
#   HTTP_PROXY: service 1, proxy 0
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
const { RuntimeOptions } = require('@darabonba/typescript');
const asked = { service: 0, proxy: 0 };
const listen = name => new Promise(resolve => {
    const server = http.createServer((request, response) => {
        asked[name]++;
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end('{"RequestId":"1","Regions":{"Region":[]}}');
    }).on('connect', (request, socket) => {
        asked[name]++;
        socket.destroy();
    }).listen(0, '127.0.0.1', () => resolve(server));
});
(async () => {
    const service = await listen('service');
    const server = await listen('proxy');
    const proxy = 'http://127.0.0.1:' + server.address().port;
    const attempt = async (name, config, runtime) => {
        const client = new ecs.default(new Config({ accessKeyId: 'id', accessKeySecret: 'secret', protocol: 'http',
            regionId: 'cn-hangzhou', endpoint: '127.0.0.1:' + service.address().port, ...config }));
        asked.service = asked.proxy = 0;
        await client.describeRegionsWithOptions(new ecs.DescribeRegionsRequest({}), new RuntimeOptions(runtime));
        console.log(`${name}: service ${asked.service}, proxy ${asked.proxy}`);
    };
    await attempt('httpProxy of the call', {}, { httpProxy: proxy, httpsProxy: proxy });
    await attempt('httpProxy of the client', { httpProxy: proxy, httpsProxy: proxy }, {});
    process.env.HTTP_PROXY = process.env.http_proxy = proxy;
    await attempt('HTTP_PROXY', {}, {});
    for (const one of [service, server]) {
        one.close();
        one.closeAllConnections();
    }
})();
END
env -i PATH="$PATH" HOME="$dir" node try.js | tee seen
printf '%s: service 1, proxy 0\n' 'httpProxy of the call' 'httpProxy of the client' HTTP_PROXY | cmp - seen
