// The server of npm's ssh2, 0.8 and 1.x; options as in common.py. NODE_PATH leads to the package.
'use strict';
const { execFile } = require('child_process');
const fs = require('fs');
const { Server, utils } = require('ssh2');

const options = { 'host-key': [] };
for (let at = 2; at < process.argv.length; at++) {
  const name = process.argv[at].slice(2);
  if (name === 'host-key') options[name].push(process.argv[++at]);
  else if (name === 'authorized') options[name] = process.argv[++at];
  else options[name] = true;
}
const allowed = fs.readFileSync(options.authorized, 'utf8').split('\n').filter(Boolean).map((line) => utils.parseKey(line));
const methods = [options['password-only'] ? 'password' : 'publickey'];
process.stdin.resume().on('end', () => process.exit(0)); // whoever started it is gone

function authenticate(context) {
  const known = context.method === 'publickey' && !options['password-only'] && context.username !== 'no-such-user' &&
    allowed.find((key) => context.key.data.equals(key.getPublicSSH()));
  if (known && (!context.signature || known.verify(context.blob, context.signature, context.hashAlgo) === true)) context.accept();
  else context.reject(methods);
}

function serve(session) {
  session.on('exec', (accept, reject, info) => {
    if (options['sftp-only']) {
      reject();
      return;
    }
    const channel = accept();
    execFile('/bin/sh', ['-c', info.command], (error, out, err) => {
      channel.write(out + err);
      channel.exit(error ? error.code : 0);
      channel.end();
    });
  });
  session.on('sftp', (accept) => accept());
}

const server = new Server({ hostKeys: options['host-key'].map((path) => fs.readFileSync(path)) }, (client) => {
  client.on('authentication', authenticate);
  client.on('session', (accept) => serve(accept()));
  client.on('error', (error) => console.error(String(error)));
});
server.listen(0, '127.0.0.1', () => console.log('ready', server.address().port));
