#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The gear scan: h = (h << 1) ^ G[b] over 32 bits, so h depends on the last 32 bytes only, with
// G[b] = P[b & 15] ^ Q[b >> 4]. Splitting the table by nibbles lets it live in vector registers.

enum { CAIRN_GEAR_WINDOW = 32, CAIRN_GEAR_SECRET_BYTES = 128 };

// The numbers are not stored anywhere; NEON is reserved for a kernel to come.
typedef enum cairn_gear_kernel {
  CAIRN_GEAR_SCALAR = 0,
  CAIRN_GEAR_AVX2 = 1,
  CAIRN_GEAR_AVX512 = 2,
  CAIRN_GEAR_NEON = 3,
} cairn_gear_kernel;

typedef struct cairn_gear_tables {
  uint32_t p[16];
  uint32_t q[16];
  // The same words split into their four bytes, least significant first: look-up tables for byte
  // shuffles.
  uint8_t p_planes[4][16];
  uint8_t q_planes[4][16];
} cairn_gear_tables;

// Whether the processor and the operating system can run the kernel.
bool cairn_gear_available(cairn_gear_kernel kernel);

// Fills the tables from the secret: P then Q, 16 little-endian words each.
void cairn_gear_prepare(cairn_gear_tables *tables,
                        const uint8_t secret[CAIRN_GEAR_SECRET_BYTES]);

// The smallest position i in [begin, end) whose hash over data[i - 32 ..< i] is below the
// threshold, or end if there is none. Reads nothing outside data[begin - 32 ..< end].
// The kernel must be available.
size_t cairn_gear_find(cairn_gear_kernel kernel, const cairn_gear_tables *tables,
                       const uint8_t *data, size_t begin, size_t end, uint32_t threshold);
