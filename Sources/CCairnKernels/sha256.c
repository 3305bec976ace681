#include <string.h>

#include "cpu.h"
#include "sha256_kernels.h"

bool cairn_sha256_available(cairn_sha256_kernel kernel) {
  switch (kernel) {
    case CAIRN_SHA256_SCALAR: return true;
    case CAIRN_SHA256_SHANI: return cairn_cpu_detect().shani;
    case CAIRN_SHA256_AVX2: return cairn_cpu_detect().avx2;
    case CAIRN_SHA256_AVX512: return cairn_cpu_detect().avx512;
    case CAIRN_SHA256_NEON: return false;
  }
  return false;
}

// FIPS 180-4, section 5.3.3.
static const uint32_t initial_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// How a batch is worked on: `width` messages at once, and by the narrow compressor as soon as
// no more than `narrow_count` messages are left.
typedef struct {
  size_t width, narrow_count;
  cairn_sha256_compressor wide, narrow;
} plan;

static plan plan_for(cairn_sha256_kernel kernel) {
#if defined(__x86_64__)
  const bool shani = cairn_cpu_detect().shani;
  const cairn_sha256_compressor single =
      shani ? cairn_sha256_compress_shani : cairn_sha256_compress_scalar;
  switch (kernel) {
    case CAIRN_SHA256_SHANI:
      return (plan){2, 0, cairn_sha256_compress_shani, cairn_sha256_compress_shani};
    // A vector kernel takes the same time however many lanes are busy: with SHA-NI two streams
    // beat it up to eight lanes (Zen 5, 2.5 against 2.4 GB/s), without it up to two.
    case CAIRN_SHA256_AVX2:
      return (plan){8, 2, cairn_sha256_compress_avx2, single};
    case CAIRN_SHA256_AVX512:
      return (plan){16, shani ? 8 : 2, cairn_sha256_compress_avx512, single};
    default: break;
  }
#endif
  (void)kernel;
  return (plan){1, 0, cairn_sha256_compress_scalar, cairn_sha256_compress_scalar};
}

// Where the messages come from: scattered if `messages` is set, else back to back.
typedef struct {
  const cairn_message *messages;
  const uint8_t *base;
  const uint32_t *lengths;
  size_t next, count;
} queue;

static cairn_message take(queue *q) {
  const size_t index = q->next++;
  if (q->messages != NULL) return q->messages[index];
  const cairn_message message = {q->base, q->lengths[index]};
  q->base += message.length;
  return message;
}

typedef enum { BODY, TAIL, OUTER } phase;

// The message a lane works on, besides what the compressor needs.
typedef struct {
  phase phase;
  // Blocks left in this phase.
  size_t blocks;
  size_t tail_blocks;
  size_t index;
  // The padded end of the message, then the only block of the outer hash.
  uint8_t tail[2 * CAIRN_SHA256_BLOCK];
} job;

static void store_big_endian(uint8_t *bytes, uint32_t word) {
  bytes[0] = (uint8_t)(word >> 24);
  bytes[1] = (uint8_t)(word >> 16);
  bytes[2] = (uint8_t)(word >> 8);
  bytes[3] = (uint8_t)word;
}

// Ends the hashed bytes in tail[0 ..< used] with the padding; returns the blocks it makes.
static size_t pad(uint8_t *tail, size_t used, uint64_t hashed_byte_count) {
  const size_t blocks = used + 9 > CAIRN_SHA256_BLOCK ? 2 : 1;
  const size_t end = blocks * CAIRN_SHA256_BLOCK;
  memset(tail + used, 0, end - used);
  tail[used] = 0x80;
  store_big_endian(tail + end - 8, (uint32_t)(hashed_byte_count >> 29));
  store_big_endian(tail + end - 4, (uint32_t)(hashed_byte_count << 3));
  return blocks;
}

static void set_state(cairn_sha256_lanes *lanes, size_t lane, const uint32_t state[8]) {
  for (int r = 0; r < 8; r++) lanes->state[r][lane] = state[r];
}

static void store_digest(const cairn_sha256_lanes *lanes, size_t lane, uint8_t *bytes) {
  for (int r = 0; r < 8; r++) store_big_endian(bytes + 4 * r, lanes->state[r][lane]);
}

static void begin_tail(cairn_sha256_lanes *lanes, size_t lane, job *j) {
  j->phase = TAIL;
  j->blocks = j->tail_blocks;
  lanes->at[lane] = j->tail;
}

static void begin_message(cairn_sha256_lanes *lanes, size_t lane, job *j, queue *q,
                          const cairn_hmac_key *key) {
  j->index = q->next;
  const cairn_message message = take(q);
  const size_t rest = message.length % CAIRN_SHA256_BLOCK;
  j->phase = BODY;
  j->blocks = message.length / CAIRN_SHA256_BLOCK;
  if (rest > 0) memcpy(j->tail, message.data + (message.length - rest), rest);
  j->tail_blocks = pad(j->tail, rest, message.length + (key != NULL ? CAIRN_SHA256_BLOCK : 0));
  lanes->at[lane] = message.data;
  set_state(lanes, lane, key != NULL ? key->inner : initial_state);
  if (j->blocks == 0) begin_tail(lanes, lane, j);
}

// Goes on to the next phase; false when the digest has been written and the lane is free.
static bool advance(cairn_sha256_lanes *lanes, size_t lane, job *j, const cairn_hmac_key *key,
                    uint8_t *digests) {
  if (j->phase == BODY) {
    begin_tail(lanes, lane, j);
    return true;
  }
  if (j->phase == TAIL && key != NULL) {
    store_digest(lanes, lane, j->tail);
    j->phase = OUTER;
    j->blocks = pad(j->tail, 32, CAIRN_SHA256_BLOCK + 32);
    lanes->at[lane] = j->tail;
    set_state(lanes, lane, key->outer);
    return true;
  }
  store_digest(lanes, lane, digests + 32 * j->index);
  return false;
}

static void hash_queue(cairn_sha256_kernel kernel, const cairn_hmac_key *key, queue *q,
                       uint8_t *digests) {
  const plan p = plan_for(kernel);
  cairn_sha256_lanes lanes;
  job jobs[CAIRN_SHA256_LANES_MAX];
  uint8_t active[CAIRN_SHA256_LANES_MAX];
  size_t active_count = 0;
  memset(lanes.state, 0, sizeof lanes.state);
  while (active_count < p.width && q->next < q->count) {
    begin_message(&lanes, active_count, &jobs[active_count], q, key);
    active[active_count] = (uint8_t)active_count;
    active_count++;
  }
  while (active_count > 0) {
    const bool is_narrow = q->next == q->count && active_count <= p.narrow_count;
    // The narrow compressors take two messages at a time.
    const size_t working = is_narrow && active_count > 2 ? 2 : active_count;
    size_t blocks = SIZE_MAX;
    for (size_t i = 0; i < working; i++) {
      if (jobs[active[i]].blocks < blocks) blocks = jobs[active[i]].blocks;
    }
    if (is_narrow) {
      p.narrow(&lanes, active, working, blocks);
    } else {
      // Idle lanes compute on a busy lane's bytes, and nobody looks at the result.
      if (active_count < p.width) {
        const uint8_t *readable = lanes.at[active[0]];
        uint32_t busy = 0;
        for (size_t i = 0; i < active_count; i++) busy |= 1u << active[i];
        for (size_t lane = 0; lane < p.width; lane++) {
          if (!(busy >> lane & 1)) lanes.at[lane] = readable;
        }
      }
      p.wide(&lanes, active, working, blocks);
    }
    size_t kept = 0;
    for (size_t i = 0; i < active_count; i++) {
      const uint8_t lane = active[i];
      job *j = &jobs[lane];
      bool is_busy = true;
      if (i < working) {
        j->blocks -= blocks;
        lanes.at[lane] += blocks * CAIRN_SHA256_BLOCK;
        if (j->blocks == 0) is_busy = advance(&lanes, lane, j, key, digests);
        if (!is_busy && q->next < q->count) {
          begin_message(&lanes, lane, j, q, key);
          is_busy = true;
        }
      }
      if (is_busy) active[kept++] = lane;
    }
    active_count = kept;
  }
}

void cairn_sha256_messages(cairn_sha256_kernel kernel, const cairn_hmac_key *key,
                           const cairn_message *messages, size_t count, uint8_t *digests) {
  queue q = {messages, NULL, NULL, 0, count};
  hash_queue(kernel, key, &q, digests);
}

void cairn_sha256_run(cairn_sha256_kernel kernel, const cairn_hmac_key *key, const uint8_t *base,
                      const uint32_t *lengths, size_t count, uint8_t *digests) {
  queue q = {NULL, base, lengths, 0, count};
  hash_queue(kernel, key, &q, digests);
}

void cairn_hmac_prepare(cairn_hmac_key *key, const uint8_t *bytes, size_t length) {
  uint8_t block[CAIRN_SHA256_BLOCK] = {0};
  if (length > CAIRN_SHA256_BLOCK) {
    const cairn_message message = {bytes, length};
    cairn_sha256_messages(CAIRN_SHA256_SCALAR, NULL, &message, 1, block);
  } else if (length > 0) {
    memcpy(block, bytes, length);
  }
  uint8_t pads[2][CAIRN_SHA256_BLOCK];
  cairn_sha256_lanes lanes;
  for (int i = 0; i < CAIRN_SHA256_BLOCK; i++) {
    pads[0][i] = block[i] ^ 0x36;
    pads[1][i] = block[i] ^ 0x5c;
  }
  for (uint8_t i = 0; i < 2; i++) {
    set_state(&lanes, i, initial_state);
    lanes.at[i] = pads[i];
  }
  const uint8_t both[2] = {0, 1};
  cairn_sha256_compress_scalar(&lanes, both, 2, 1);
  for (int r = 0; r < 8; r++) {
    key->inner[r] = lanes.state[r][0];
    key->outer[r] = lanes.state[r][1];
  }
  explicit_bzero(block, sizeof block);
  explicit_bzero(pads, sizeof pads);
}
