"""The lab's moving parts: an emulated cloud, SSH servers, keys, worlds. Standard library only."""

import signal

# What starts the tests in the background ignores these, and so would every program that is sent one.
for _number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)
