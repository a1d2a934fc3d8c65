"""The lab's moving parts: an emulated cloud, SSH servers, keys, worlds. Standard library only."""
