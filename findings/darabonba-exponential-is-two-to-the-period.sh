#!/bin/sh
# "Exponential" backoff with a period of 1000 ms makes Alibaba Cloud's Node SDK wait two minutes before the second attempt.
#
# For the policies Fixed and Random "period" is a time in milliseconds, and one would guess that Exponential doubles it:
# 1, 2, 4 s. But it is multiplied into the exponent: the delay is 2^(attempts * period) ms. A period of 1000 asks for
# 2^1000 ms and is cut to maxDelay (120 s); all four exponential policies do so, those with jitter too. Useful periods
# are about 1: 10 doubles ten times from one attempt to the next.
#
# Seen with @darabonba/typescript 1.0.5, Node 20, 30 November 2026, delays in ms after 1, 2 and 3 attempts:
#   Fixed 1000: 1000 1000 1000
#   Exponential 1000: 120000 120000 120000
#   EqualJitter 1000: 120000 120000 120000
#   Exponential 1: 2 4 8
#   Exponential 10: 1024 120000 120000
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund --ignore-scripts @darabonba/typescript@1.0.5 >/dev/null
cat >try.js <<'END'
const { getBackoffDelay, RetryOptions, RetryPolicyContext } = require('@darabonba/typescript');
for (const [policy, period] of [['Fixed', 1000], ['Exponential', 1000], ['EqualJitter', 1000], ['Exponential', 1],
                                ['Exponential', 10]]) {
    const options = new RetryOptions({ retryable: true, retryCondition: [
        { maxAttempts: 5, exception: ['ServerError'], errorCode: [], backoff: { policy, period } }] });
    const delays = [1, 2, 3].map(retriesAttempted =>
        getBackoffDelay(options, new RetryPolicyContext({ retriesAttempted, exception: { name: 'ServerError' } })));
    console.log(`${policy} ${period}: ${delays.join(' ')}`);
}
END
node try.js | tee seen
cmp - seen <<'END'
Fixed 1000: 1000 1000 1000
Exponential 1000: 120000 120000 120000
EqualJitter 1000: 120000 120000 120000
Exponential 1: 2 4 8
Exponential 10: 1024 120000 120000
END
