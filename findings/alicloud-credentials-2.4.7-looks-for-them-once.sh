#!/bin/sh
# A program on Alibaba Cloud's Node SDK that was started before its credentials were in place never finds them, however
# often it asks again; from the second time on it complains of a host named "undefined".
#
# The default chain looks through the environment and the files until something has credentials, and remembers where that
# was. One would guess that it looks through all of them again where nothing was found. But it remembers the last place that
# it tried also then, and asks only there: that is the URI of ALIBABA_CLOUD_CREDENTIALS_URI, which is on the list whether
# the variable is set or not. So a service that starts together with `aliyun configure`, or before a secret is mounted, has
# to be started again, and its log, apart from the first line, sends people to DNS.
#
# Seen with @alicloud/credentials 2.4.7, Node 20, 30 November 2026, the instance's RAM role turned off:
#   nothing is there: unable to get credentials from any of the providers in the chain
#   the same object again: looks up undefined, and fails
#   now the variables are set, the same object: looks up undefined, and fails
#   now the file is there as well, the same object: looks up undefined, and fails
#   a new object: default/env
#   a new object, without the variables: default/profile
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --ignore-scripts @alicloud/credentials@2.4.7 >/dev/null
cat >try.js <<'END'
const dns = require('dns');
const fs = require('fs');
const Credential = require('@alicloud/credentials').default;
let asked;
// Nothing leaves the machine: every look-up is noted and fails.
dns.lookup = (name, options, done) => {
    asked = name;
    process.nextTick(done, Object.assign(new Error('not looked up'), { code: 'ENOTFOUND' }));
};

async function show(what, credential) {
    try {
        console.log(`${what}: ${(await credential.getCredential()).providerName}`);
    } catch (error) {
        console.log(`${what}: ${error.message.startsWith('not looked up') ? `looks up ${asked}, and fails`
            : error.message.replace(/:.*/, '')}`);
    }
}
(async () => {
    const credential = new Credential();
    await show('nothing is there', credential);
    await show('the same object again', credential);
    process.env.ALIBABA_CLOUD_ACCESS_KEY_ID = 'id';
    process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET = 'secret';
    await show('now the variables are set, the same object', credential);
    fs.mkdirSync('.alibabacloud');
    fs.writeFileSync('.alibabacloud/credentials',
        '[default]\ntype = access_key\naccess_key_id = id\naccess_key_secret = secret\n');
    await show('now the file is there as well, the same object', credential);
    await show('a new object', new Credential());
    delete process.env.ALIBABA_CLOUD_ACCESS_KEY_ID;
    await show('a new object, without the variables', new Credential());
})();
END
env -i PATH="$PATH" HOME="$dir" ALIBABA_CLOUD_ECS_METADATA_DISABLED=true node try.js | tee seen
cmp - seen <<'END'
nothing is there: unable to get credentials from any of the providers in the chain
the same object again: looks up undefined, and fails
now the variables are set, the same object: looks up undefined, and fails
now the file is there as well, the same object: looks up undefined, and fails
a new object: default/env
a new object, without the variables: default/profile
END
