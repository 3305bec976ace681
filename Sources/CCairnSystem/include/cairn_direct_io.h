#pragma once
#include <stdint.h>

// Linux calls for writing objects that Swift's Glibc module doesn't show, because it is built
// without _GNU_SOURCE. All return -1 with errno set when they fail.

/// Creates `path` (which must not exist) for writing past the page cache, mode 0600, closed on exec.
/// Fails with EINVAL where the file system has no direct input and output.
int cairn_create_direct(const char *path);

/// Reserves blocks for [0, count) without changing the length of the file.
int cairn_reserve(int descriptor, int64_t count);

/// Renames unless `to` exists (EEXIST). EINVAL or ENOSYS where the file system can't.
int cairn_rename_exclusive(const char *from, const char *to);
