# shellcheck shell=bash
# preflight: says why the last command could not log in. For bash and zsh: source this file in
# ~/.bashrc or ~/.zshrc. sshpreflight reads the command and never runs it; options of its own may be
# given, as in "preflight --instance i-bp1a2b3c".
preflight() {
    sshpreflight "$@" -- "$(fc -ln -1)"
}
