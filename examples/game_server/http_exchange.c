/* SPDX-License-Identifier: MIT
 *
 * Bodies of requests and responses, see http_exchange.h.
 *
 * Owns:     nothing beyond the exchanges.
 * Callers:  http_session.c, http_part.c.
 * Promises: an exchange and its body are given back together.
 * Does not: lock.
 */
#include "http_exchange.h"

#include "check.h"
#include "memory.h"

#include <string.h>

void exchange_list_init(struct exchange_list *list) {
    list->head.next = &list->head;
    list->head.previous = &list->head;
}

void exchange_list_clear(struct exchange_list *list) {
    while (list->head.next != &list->head) {
        exchange_end(list->head.next);
    }
}

struct exchange *exchange_begin(struct exchange_list *list) {
    struct exchange *exchange = memory_zeroed(1, sizeof *exchange, GAME_HTTP_BODIES);
    if (exchange != NULL) {
        exchange->next = list->head.next;
        exchange->previous = &list->head;
        exchange->next->previous = exchange;
        list->head.next = exchange;
    }
    return exchange;
}

void exchange_end(struct exchange *exchange) {
    exchange->next->previous = exchange->previous;
    exchange->previous->next = exchange->next;
    memory_free(exchange->body);
    memory_free(exchange);
}

void exchange_expect(struct exchange *exchange, size_t size) {
    memory_free(exchange->body);
    exchange->body = memory_alloc(size, GAME_HTTP_BODIES);
    exchange->size = exchange->body != NULL ? size : 0;
    exchange->filled = 0;
    exchange->sent = 0;
}

void exchange_fill(struct exchange *exchange, size_t size, uint64_t seed) {
    exchange_expect(exchange, size);
    random_fill(exchange->body, exchange->size, seed);
    exchange->filled = exchange->size;
    exchange->sum = checksum(exchange->body, exchange->size);
}

void exchange_add(struct exchange *exchange, const uint8_t *bytes, size_t size) {
    if (size > exchange->size - exchange->filled) {
        exchange->malformed = true;
        return;
    }
    memcpy(exchange->body + exchange->filled, bytes, size);
    exchange->filled += size;
}

size_t exchange_take(struct exchange *exchange, uint8_t *bytes, size_t room, bool *last) {
    const size_t left = exchange->size - exchange->sent;
    const size_t part = left < room ? left : room;
    memcpy(bytes, exchange->body + exchange->sent, part);
    if (part != 0 && damage_once(DAMAGE_HTTP_BODY)) {
        bytes[part - 1] ^= 0x80;
    }
    exchange->sent += part;
    *last = exchange->sent == exchange->size;
    return part;
}

void exchange_arrived(const struct exchange *exchange, const char *whose) {
    if (exchange->malformed || exchange->filled != exchange->size ||
        checksum(exchange->body, exchange->filled) != exchange->sum) {
        mismatch("http-body", "the %s of %zu bytes is not what its header says", whose,
                 exchange->size);
    }
}
