// A server on golang.org/x/crypto/ssh (Debian: golang-golang-x-crypto-dev). Prints "ready PORT".
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"

	"golang.org/x/crypto/ssh"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(peer net.Conn, config *ssh.ServerConfig, sftpOnly bool) {
	connection, channels, requests, err := ssh.NewServerConn(peer, config)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer connection.Close()
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		if offered.ChannelType() != "session" {
			offered.Reject(ssh.UnknownChannelType, "sessions only")
			continue
		}
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		go run(channel, asked, sftpOnly)
	}
}

func run(channel ssh.Channel, asked <-chan *ssh.Request, sftpOnly bool) {
	for request := range asked {
		if request.Type == "subsystem" {
			request.Reply(true, nil) // and nothing behind it: only the answer is of interest
			continue
		}
		if request.Type != "exec" || sftpOnly {
			request.Reply(false, nil)
			continue
		}
		request.Reply(true, nil)
		var words struct{ Command string }
		ssh.Unmarshal(request.Payload, &words)
		output, err := exec.Command("/bin/sh", "-c", words.Command).CombinedOutput()
		status := uint32(0)
		if failed, is := err.(*exec.ExitError); is {
			status = uint32(failed.ExitCode())
		}
		channel.Write(output)
		channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
		channel.Close()
	}
}

func main() {
	hostKey := flag.String("host-key", "", "")
	authorized := flag.String("authorized", "", "")
	passwordOnly := flag.Bool("password-only", false, "")
	sftpOnly := flag.Bool("sftp-only", false, "")
	version := flag.String("version", "", "")
	flag.Parse()

	keyText, err := os.ReadFile(*hostKey)
	fail(err)
	signer, err := ssh.ParsePrivateKey(keyText)
	fail(err)
	lines, err := os.ReadFile(*authorized)
	fail(err)
	known, _, _, _, err := ssh.ParseAuthorizedKey(lines)
	fail(err)
	config := &ssh.ServerConfig{}
	if *version != "" {
		config.ServerVersion = "SSH-2.0-" + *version
	}
	if *passwordOnly {
		config.PasswordCallback = func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
			return nil, fmt.Errorf("no")
		}
	} else {
		config.PublicKeyCallback = func(who ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if who.User() != "no-such-user" && bytes.Equal(key.Marshal(), known.Marshal()) {
				return nil, nil
			}
			return nil, fmt.Errorf("unknown key")
		}
	}
	config.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	fmt.Println("ready", listener.Addr().(*net.TCPAddr).Port)
	go func() { // the parent holds the other end
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for {
		peer, err := listener.Accept()
		fail(err)
		go serve(peer, config, *sftpOnly)
	}
}
