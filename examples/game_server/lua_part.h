/* SPDX-License-Identifier: MIT
 *
 * The game's logic: a Lua state whose memory comes by type of object.
 *
 * Owns:     a state per struct logic, and the bytes that Lua asked for in it.
 * Callers:  the one thread that opened it.
 * Promises: every object that Lua names a type for is in the category of that type; to shrink a
 *           block never fails, as Lua demands.
 * Does not: lock: no two threads share a state.
 */
#ifndef GAME_SERVER_LUA_PART_H
#define GAME_SERVER_LUA_PART_H

#include <stddef.h>
#include <stdint.h>

enum { LOGIC_TEXT_MAX = 64 };

struct lua_State;

/* Conservation: bytes is what lua_gc counts, at any time that Lua is not running. */
struct logic {
    struct lua_State *state;
    size_t bytes;
};

struct turn {
    uint32_t client;
    uint32_t sequence;
    const uint8_t *body;
    size_t size;
};

void logic_open(struct logic *logic);
void logic_close(struct logic *logic);

/* Plays a turn and writes the answer; returns its length. What Lua answers is compared with what C
 * computes, and the body that Lua took apart and put together again with the body. */
size_t logic_play(struct logic *logic, const struct turn *turn, char text[LOGIC_TEXT_MAX]);

/* Compares Lua's own count of bytes with the allocator's. */
void logic_check_bytes(struct logic *logic);

#endif
