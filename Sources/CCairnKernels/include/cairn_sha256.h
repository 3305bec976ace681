#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// SHA-256 and HMAC-SHA-256 over many messages at once: each vector lane works on a message of its
// own and takes the next one from the queue when it has finished.

// The numbers are not stored anywhere; NEON is reserved for a kernel to come.
typedef enum cairn_sha256_kernel {
  CAIRN_SHA256_SCALAR = 0,
  CAIRN_SHA256_SHANI = 1,
  CAIRN_SHA256_AVX2 = 2,
  CAIRN_SHA256_AVX512 = 3,
  CAIRN_SHA256_NEON = 4,
} cairn_sha256_kernel;

typedef struct cairn_message {
  const uint8_t *data;
  size_t length;
} cairn_message;

// The SHA-256 states after the first block of the inner and of the outer hash of HMAC. They are as
// secret as the key.
typedef struct cairn_hmac_key {
  uint32_t inner[8];
  uint32_t outer[8];
} cairn_hmac_key;

// Whether the processor and the operating system can run the kernel.
bool cairn_sha256_available(cairn_sha256_kernel kernel);

// Prepares an HMAC-SHA-256 key of any length.
void cairn_hmac_prepare(cairn_hmac_key *key, const uint8_t *bytes, size_t length);

// Writes the 32-byte digest of each message: HMAC under the key, or plain SHA-256 if key is null.
// The kernel must be available. Allocates nothing.
void cairn_sha256_messages(cairn_sha256_kernel kernel, const cairn_hmac_key *key,
                           const cairn_message *messages, size_t count, uint8_t *digests);

// The same for messages that lie back to back from base.
void cairn_sha256_run(cairn_sha256_kernel kernel, const cairn_hmac_key *key, const uint8_t *base,
                      const uint32_t *lengths, size_t count, uint8_t *digests);
