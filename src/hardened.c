/* SPDX-License-Identifier: MIT
 *
 * hardened: see hardened.h.
 *
 * Owns:     the secret.
 * Callers:  through hardened.h.
 * Promises: constant time, but for filling and looking at up to FILL_MOST bytes.
 * Does not: keep anything of a block outside of it.
 *
 * The code of a tail's length is the block's last byte: it less one, up to CODE_LONG; that says that the
 * four bytes before have the length. No byte of a tail is 0, so that the end of a string written there is found in
 * each case; of any other byte, one value of 255 is not.
 */
#include "hardened.h"

#include "os.h"
#include "record.h"

#include <string.h>

#define WORD      sizeof(uint64_t)
#define CODES     255u
#define CODE_LONG (CODES - 1)
#define LONG      sizeof(uint32_t)

/* Which of a block's values is meant. */
enum use { USE_FILL = 1, USE_MARK, USE_LINK, USE_TAIL };

/* The callers of a block wrote its words as any type. */
typedef uint64_t __attribute__((may_alias)) word;

static _Atomic uint64_t secrets[2]; /* 0: not made yet */

CORRAL_SLOW static uint64_t make_secret(_Atomic uint64_t *secret) {
    uint64_t random = corral_os_random() | 1;
    uint64_t before = 0;
    /* [R:value-is-all] Of two threads that make it, the first one's is it. */
    return cas_relaxed(secret, &before, random) ? random : before;
}

static uint64_t secret_of(unsigned which) {
    uint64_t secret = load_relaxed(&secrets[which]); /* [R:value-is-all] */
    return likely(secret != 0) ? secret : make_secret(&secrets[which]);
}

/* The halves of a product, one over the other: neither factor is to be had from it. */
static uint64_t mixed(uint64_t a, uint64_t b) {
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* What all values of a block begin with. */
static uint64_t key_of(const void *block) {
    const struct slab *slab = slab_of(block);
    uint64_t life = (uintptr_t)slab ^ (uint64_t)slab->life << 48;
    return mixed((uintptr_t)block ^ secret_of(0), life ^ secret_of(1));
}

static uint64_t value_of(uint64_t key, enum use use) {
    return mixed(key ^ secret_of(1), (secret_of(0) >> 8) + (uint64_t)use * UINT64_C(0x9E3779B97F4A7C15));
}

static size_t bytes_of(uint32_t pool) {
    return corral_classes[pool & (CLASS_STRIDE - 1)].size;
}

/* The tail's pattern, as long as it gets, from any place in a word on: a word again and again, at multiples of its size
 * before the block's end. */
struct pattern {
    uint64_t words[TAIL_FILL / WORD + 1];
};

static uint64_t without_zeros(uint64_t tail) {
    uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t zeros = (tail - ones) & ~tail & (ones << 7); /* the highest bit of bytes that are 0, and of some that are 1 */
    return tail | zeros >> 7;
}

static struct pattern pattern_of(uint64_t tail) {
    struct pattern pattern;
    for (size_t i = 0; i < sizeof pattern / WORD; i++) {
        pattern.words[i] = without_zeros(tail);
    }
    return pattern;
}

uint64_t corral_hardened_canary(uintptr_t place, uint64_t life) {
    return without_zeros(mixed(place ^ secret_of(0), life ^ secret_of(1)));
}

/* What a tail of that length begins with. */
static const uint8_t *pattern_start(const struct pattern *pattern, size_t length) {
    return (const uint8_t *)pattern + (WORD - length % WORD) % WORD;
}

/* The long form's length is mixed with the upper half of what the bytes are of. */
static uint32_t long_mask(uint64_t tail) {
    return (uint32_t)(tail >> 32);
}

/* The tail's length, 0 when it says none that there can be. */
static size_t tail_length(const uint8_t *end, uint64_t tail, size_t bytes) {
    uint8_t last = end[-1];
    unsigned code = (last - 1u + CODES - (unsigned)(tail % CODES)) % CODES;
    size_t length = code + 1;
    if (last != 0 && code == CODE_LONG) {
        uint32_t kept;
        memcpy(&kept, end - 1 - LONG, LONG);
        kept ^= long_mask(tail);
        length = kept >= CODES ? kept : 0;
    }
    return last == 0 || length > bytes ? 0 : length;
}

/* The bytes of a tail that are of its pattern, at its start. */
static size_t pattern_length(size_t length) {
    size_t pattern = length - 1 - (length >= CODES ? LONG : 0);
    return pattern < TAIL_FILL ? pattern : TAIL_FILL;
}

static bool tail_holds(const void *block, size_t bytes, uint64_t tail) {
    const uint8_t *end = (const uint8_t *)block + bytes;
    size_t length = tail_length(end, tail, bytes);
    if (length == 0) {
        return false;
    }
    struct pattern pattern = pattern_of(tail);
    return memcmp(end - length, pattern_start(&pattern, length), pattern_length(length)) == 0;
}

/* Where the tail ends: where the block does, or its record begins. */
static size_t tail_end(const void *block, uint32_t pool) {
    struct record record;
    size_t bytes = bytes_of(pool);
    return corral_record_read(block, bytes, &record) == RECORD_NONE ? bytes : bytes - RECORD_BYTES;
}

static void set_tail(void *block, size_t bytes, size_t size) {
    uint64_t tail = value_of(key_of(block), USE_TAIL);
    size_t length = bytes - (size == 0 ? 1 : size);
    uint8_t *end = (uint8_t *)block + bytes;
    struct pattern pattern = pattern_of(tail);
    memcpy(end - length, pattern_start(&pattern, length), pattern_length(length));
    unsigned code = length < CODES ? (unsigned)length - 1 : CODE_LONG;
    if (code == CODE_LONG) {
        uint32_t kept = (uint32_t)length ^ long_mask(tail);
        memcpy(end - 1 - LONG, &kept, LONG);
    }
    end[-1] = (uint8_t)(1 + (code + tail % CODES) % CODES);
}

void corral_hardened_set_tail(void *block, uint32_t pool, size_t size) {
    size_t end = tail_end(block, pool);
    set_tail(block, size < end ? end : bytes_of(pool), size);
}

size_t corral_hardened_asked(const void *block, uint32_t pool) {
    size_t bytes = tail_end(block, pool);
    uint64_t tail = value_of(key_of(block), USE_TAIL);
    bool holds = tail_holds(block, bytes, tail);
    return bytes - (holds ? tail_length((const uint8_t *)block + bytes, tail, bytes) : 1);
}

enum hardened corral_hardened_judge(const void *block, uint32_t pool) {
    uint32_t at;
    if (!slab_find_block(slab_of(block), block, &at)) {
        return HARDENED_NO_BLOCK;
    }
    uint64_t key = key_of(block);
    if (((const word *)block)[1] == value_of(key, USE_MARK)) {
        return HARDENED_FREE;
    }
    return tail_holds(block, tail_end(block, pool), value_of(key, USE_TAIL)) ? HARDENED_LIVE : HARDENED_DAMAGED;
}

/* Words of a free block that are filled one after the other; behind them, if there are more, the last one. */
static size_t words_filled(size_t bytes) {
    return (bytes < FILL_MOST ? bytes : FILL_MOST) / WORD;
}

void corral_hardened_fill(void *block, uint32_t pool) {
    word *words = block;
    uint64_t key = key_of(block);
    uint64_t fill = value_of(key, USE_FILL);
    size_t bytes = bytes_of(pool);
    size_t count = words_filled(bytes);
    words[0] = fill;
    words[1] = value_of(key, USE_MARK);
    for (size_t i = 2; i < count; i++) {
        words[i] = fill;
    }
    if (bytes > FILL_MOST) {
        words[bytes / WORD - 1] = fill;
    }
}

/* Is a free block as fill left it, or none of its words? */
static bool is_as_left(const word *words, size_t bytes, uint64_t key) {
    uint64_t fill = value_of(key, USE_FILL);
    size_t count = words_filled(bytes);
    size_t same = words[1] == value_of(key, USE_MARK) ? 1 : 0;
    same += words[0] == fill ? 1 : 0;
    for (size_t i = 2; i < count; i++) {
        same += words[i] == fill ? 1 : 0;
    }
    if (bytes > FILL_MOST) {
        same += words[bytes / WORD - 1] == fill ? 1 : 0;
        count++;
    }
    return same == 0 || same == count;
}

void corral_hardened_lend(void *block, uint32_t pool, size_t size) {
    word *words = block;
    if (unlikely(!is_as_left(words, bytes_of(pool), key_of(block)))) {
        corral_misuse(MISUSE_WRITTEN, block, pool);
    }
    words[1] = 0;
    size_t bytes = bytes_of(pool);
    if (bytes >= RECORD_BYTES) {
        memset((char *)block + bytes - RECORD_BYTES, 0, RECORD_BYTES); /* one of an earlier life */
    }
    set_tail(block, bytes, size);
}

void corral_hardened_append(void *last, void *block) {
    *(word *)block = value_of(key_of(block), USE_LINK); /* of no next one */
    if (last == NULL) {
        return;
    }
    uint64_t none = value_of(key_of(last), USE_LINK);
    if (unlikely(*(word *)last != none)) {
        corral_misuse(MISUSE_WRITTEN, last, registry_pool((uintptr_t)last));
    }
    *(word *)last = (uintptr_t)block ^ none;
}

/* May `next` follow a block of the pool? */
static bool is_plausible(uintptr_t next, uint32_t pool) {
    uint32_t at;
    return next == 0 || (registry_covers(next) && registry_pool(next) == pool &&
                         slab_find_block(slab_of((void *)next), (void *)next, &at));
}

void *corral_hardened_unlink(void *block, uint32_t pool) {
    word *words = block;
    uint64_t key = key_of(block);
    uintptr_t next = words[0] ^ value_of(key, USE_LINK);
    bool follows = is_plausible(next, pool);
    words[0] = value_of(key, USE_FILL);
    if (unlikely(!follows || words[1] != value_of(key, USE_MARK))) {
        corral_misuse(MISUSE_WRITTEN, block, pool);
        corral_hardened_fill(block, pool); /* it is told once */
    }
    return follows ? (void *)next : NULL;
}
