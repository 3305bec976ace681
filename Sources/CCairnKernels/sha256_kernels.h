#pragma once
#include "cairn_sha256.h"

enum { CAIRN_SHA256_BLOCK = 64, CAIRN_SHA256_LANES_MAX = 16 };

// What the compression kernels work on. Word r of lane l's state is state[r][l], so that a vector
// kernel loads a row at a time.
typedef struct cairn_sha256_lanes {
  _Alignas(64) uint32_t state[8][CAIRN_SHA256_LANES_MAX];
  const uint8_t *at[CAIRN_SHA256_LANES_MAX];
} cairn_sha256_lanes;

// Compresses block_count blocks of each lane. A kernel that works on fewer lanes than the widest
// takes those that `active` names; a wide one computes all of them, also those that nobody wants,
// whose pointers must be readable nevertheless. Does not advance the pointers.
typedef void (*cairn_sha256_compressor)(cairn_sha256_lanes *lanes, const uint8_t *active,
                                        size_t active_count, size_t block_count);

void cairn_sha256_compress_scalar(cairn_sha256_lanes *, const uint8_t *, size_t, size_t);
#if defined(__x86_64__)
void cairn_sha256_compress_shani(cairn_sha256_lanes *, const uint8_t *, size_t, size_t);
void cairn_sha256_compress_avx2(cairn_sha256_lanes *, const uint8_t *, size_t, size_t);
void cairn_sha256_compress_avx512(cairn_sha256_lanes *, const uint8_t *, size_t, size_t);
#endif

extern const uint32_t cairn_sha256_constants[64];
