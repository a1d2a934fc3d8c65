# preflight: says why the last command could not log in. sshpreflight reads the command and never
# runs it; options of its own may be given.
function preflight --description 'Say why the last command could not log in'
    sshpreflight $argv -- "$history[1]"
end
