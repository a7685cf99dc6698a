/* SPDX-License-Identifier: MIT
 *
 * Writes and reads the packets of message.h.
 *
 * Owns:     nothing.
 * Callers:  as message.h.
 * Promises: packets are ENet's own, made with enet_packet_create in one category.
 * Does not: send.
 */
#define _GNU_SOURCE
#include "message.h"

#include "check.h"
#include "enet_memory.h"

#include <string.h>

static uint64_t sum_of(const struct message_head *head, const void *body, size_t size) {
    const uint64_t fields = (uint64_t)head->kind << 56 ^ (uint64_t)head->client << 48 ^
                            (uint64_t)head->channel << 40 ^ head->sequence;
    return checksum(body, size) ^ fields;
}

bool message_reliable(enum channel channel) {
    return channel != CHANNEL_MOVES;
}

ENetPacket *message_make(struct message_head head, const void *body, size_t size) {
    const enum category before = enet_memory_category(ENET_PACKETS);
    const enet_uint32 flags =
        message_reliable((enum channel)head.channel) ? ENET_PACKET_FLAG_RELIABLE : 0;
    ENetPacket *packet = enet_packet_create(NULL, sizeof head + size, flags);
    enet_memory_category(before);
    if (packet == NULL) {
        return NULL;
    }
    head.sum = sum_of(&head, body, size);
    memcpy(packet->data, &head, sizeof head);
    memcpy(packet->data + sizeof head, body, size);
    if (damage_once(DAMAGE_ENET_PAYLOAD)) {
        packet->data[packet->dataLength / 2] ^= 0x10;
    }
    return packet;
}

bool message_read(const ENetPacket *packet, struct message_head *head, const uint8_t **body,
                  size_t *size) {
    if (packet->dataLength < sizeof *head) {
        mismatch("enet-payload", "a packet of %zu bytes", packet->dataLength);
        return false;
    }
    memcpy(head, packet->data, sizeof *head);
    *body = packet->data + sizeof *head;
    *size = packet->dataLength - sizeof *head;
    if (head->sum != sum_of(head, *body, *size)) {
        mismatch("enet-payload", "%zu bytes of client %u changed on their way", packet->dataLength,
                 head->client);
        return false;
    }
    return true;
}
