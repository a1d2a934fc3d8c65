import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.sshd.common.config.keys.AuthorizedKeyEntry;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.keyprovider.FileKeyPairProvider;
import org.apache.sshd.common.util.threads.ThreadUtils;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.auth.password.UserAuthPasswordFactory;
import org.apache.sshd.server.auth.pubkey.UserAuthPublicKeyFactory;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.AbstractCommandSupport;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;

/** Apache MINA SSHD's server (Debian: libmina-sshd-java); options as in common.py. */
public class MinaServer {
    /** Runs a command by the shell. */
    private static final class Shell extends AbstractCommandSupport {
        Shell(String command) {
            super(command, ThreadUtils.newSingleThreadExecutor("shell"));
        }

        @Override
        public void run() {
            int status = 1;
            try {
                Process process = new ProcessBuilder("/bin/sh", "-c", getCommand()).redirectErrorStream(true).start();
                OutputStream out = getOutputStream();
                process.getInputStream().transferTo(out);
                out.flush();
                status = process.waitFor();
            } catch (IOException | InterruptedException error) {
                System.err.println(error);
            }
            onExit(status);
        }
    }

    public static void main(String[] words) throws Exception {
        List<Path> hostKeys = new ArrayList<>();
        Set<String> flags = new HashSet<>();
        Path authorized = null;
        for (int at = 0; at < words.length; at++) {
            if (words[at].equals("--host-key")) {
                hostKeys.add(Paths.get(words[++at]));
            } else if (words[at].equals("--authorized")) {
                authorized = Paths.get(words[++at]);
            } else {
                flags.add(words[at]);
            }
        }
        List<PublicKey> known = new ArrayList<>();
        for (AuthorizedKeyEntry entry : AuthorizedKeyEntry.readAuthorizedKeys(authorized)) {
            known.add(entry.resolvePublicKey(null, null));
        }
        SshServer server = SshServer.setUpDefaultServer();
        server.setHost("127.0.0.1");
        server.setPort(0);
        server.setKeyPairProvider(new FileKeyPairProvider(hostKeys));
        if (flags.contains("--password-only")) {
            server.setUserAuthFactories(List.of(UserAuthPasswordFactory.INSTANCE));
            server.setPasswordAuthenticator((user, password, session) -> false);
        } else {
            server.setUserAuthFactories(List.of(UserAuthPublicKeyFactory.INSTANCE));
            server.setPublickeyAuthenticator((user, key, session) -> !user.equals("no-such-user")
                    && known.stream().anyMatch(one -> KeyUtils.compareKeys(one, key)));
        }
        if (!flags.contains("--sftp-only")) {
            server.setCommandFactory((ChannelSession channel, String command) -> new Shell(command));
        }
        server.setSubsystemFactories(List.of(new SftpSubsystemFactory()));
        server.start();
        System.out.println("ready " + server.getPort());
        while (System.in.read() >= 0) { // whoever started it holds the other end
            continue;
        }
        System.exit(0);
    }
}
