#pragma once

// Linux calls for writing objects that Swift's Glibc module doesn't show, because it is built
// without _GNU_SOURCE. All return -1 with errno set when they fail.

/// Creates `path` (which must not exist) for writing past the page cache, mode 0600, closed on exec.
/// Fails with EINVAL where the file system has no direct input and output.
int cairn_create_direct(const char *path);

/// Renames unless `to` exists (EEXIST). EINVAL or ENOSYS where the file system can't.
// The file behind a descriptor, open once more for writing past the page cache.
int cairn_reopen_direct(int fd);

int cairn_rename_exclusive(const char *from, const char *to);
