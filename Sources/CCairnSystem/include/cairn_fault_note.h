#pragma once

/// From now on a crash of the process (SIGSEGV, SIGBUS, SIGABRT) first writes `content` to the file
/// `path` and `message` to standard error. The crash then goes on as usual. A later call replaces
/// an earlier one. Returns 0, or -errno; nothing is armed then.
int cairn_arm_fault_note(const char *path, const char *content, const char *message);
