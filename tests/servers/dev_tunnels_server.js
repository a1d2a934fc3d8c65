// The server of npm's @microsoft/dev-tunnels-ssh; options as in common.py. NODE_PATH leads to the package. It takes no
// files: its host key is made here, and the public half written next to where --host-key would have been read.
'use strict';
const fs = require('fs');
const net = require('net');
const ssh = require('@microsoft/dev-tunnels-ssh');

const value = (name) => process.argv[process.argv.indexOf(name) + 1];
const known = fs.readFileSync(value('--authorized'), 'utf8').split(/\s/).filter((word) => word.startsWith('AAAA'));
const { NodeStream, SshAlgorithms, SshAuthenticationType, SshServerSession,
  SshSessionConfiguration } = ssh;
process.on('unhandledRejection', (error) => console.error(String(error))); // a client that leaves
process.stdin.resume().on('end', () => process.exit(0)); // whoever started it is gone

function authenticate(event) {
  const isKey = event.authenticationType === SshAuthenticationType.clientPublicKey ||
    event.authenticationType === SshAuthenticationType.clientPublicKeyQuery;
  event.authenticationPromise = (async () => {
    if (!isKey || event.username === 'no-such-user') return null;
    const bytes = await event.publicKey.getPublicKeyBytes(event.publicKey.keyAlgorithmName);
    return known.includes(bytes.toString('base64')) ? {} : null;
  })();
}

(async () => {
  const hostKey = await SshAlgorithms.publicKey.ecdsaSha2Nistp256.generateKeyPair();
  const bytes = await hostKey.getPublicKeyBytes(hostKey.keyAlgorithmName);
  fs.writeFileSync(value('--host-key') + '.pub', hostKey.keyAlgorithmName + ' ' + bytes.toString('base64') + '\n');
  const config = new SshSessionConfiguration();
  config.authenticationMethods.length = 0;
  config.authenticationMethods.push('publickey');
  const server = net.createServer((socket) => {
    const session = new SshServerSession(config);
    session.credentials = { publicKeys: [hostKey] };
    session.onAuthenticating(authenticate);
    session.onChannelOpening((opening) => opening.channel.onRequest((request) => {
      request.isAuthorized = true;
      if (request.requestType === 'exec') setTimeout(() => opening.channel.close(0), 50);
    }));
    session.connect(new NodeStream(socket)).catch((error) => console.error(String(error)));
  });
  server.listen(0, '127.0.0.1', () => console.log('ready', server.address().port));
})();
