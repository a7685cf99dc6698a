/* SPDX-License-Identifier: MIT
 *
 * Lua's allocator function, the script, and the comparison of its results.
 *
 * Owns:     the script.
 * Callers:  the workers.
 * Promises: as lua_part.h.
 * Does not: trust the script: it runs protected, and an error is a mismatch.
 */
#define _GNU_SOURCE
#include "lua_part.h"

#include "check.h"
#include "memory.h"

#include <lua.h>

#include <lauxlib.h>
#include <lualib.h>

#include <stdio.h>
#include <string.h>

/* The script makes objects of every type on purpose: a coroutine, closures with shared variables,
 * strings and tables for every message, and now and then code and userdata. */
static const char script[] =
    "local players = {}\n"
    "local function player(client)\n"
    "  local p = players[client]\n"
    "  if not p then\n"
    "    p = {entity = entity(client), trail = {}, turn = 0}\n"
    "    players[client] = p\n"
    "  end\n"
    "  return p\n"
    "end\n"
    "local function commands(body)\n"
    "  return coroutine.wrap(function()\n"
    "    for at = 1, #body, 16 do coroutine.yield(body:sub(at, at + 15)) end\n"
    "  end)\n"
    "end\n"
    "local function score(words)\n"
    "  local sum, weight = 0, 0\n"
    "  local function add(byte)\n"
    "    weight = weight + 1\n"
    "    sum = (sum + byte * weight) % 65521\n"
    "  end\n"
    "  for _, word in ipairs(words) do\n"
    "    for at = 1, #word do add(word:byte(at)) end\n"
    "  end\n"
    "  return sum\n"
    "end\n"
    "function on_message(client, sequence, body)\n"
    "  local p, words = player(client), {}\n"
    "  for word in commands(body) do words[#words + 1] = word end\n"
    "  p.turn = p.turn + 1\n"
    "  p.trail[p.turn % 512] = {at = sequence, first = words[1]}\n"
    "  if p.turn % 64 == 1 then\n"
    "    p.rule = load('local turn = ... return turn + ' .. p.turn)\n"
    "    p.entity = entity(client)\n"
    "  end\n"
    "  local text = ('%d/%d/%d'):format(client, sequence, score(words))\n"
    "  return text, table.concat(words)\n"
    "end\n";

/* Where ptr is NULL, osize is the type of the object to come; any other number means "no object".
 * 9 and 10 are Lua's own numbers for upvalues and prototypes, which lua.h does not name. */
static enum category category_of_tag(size_t tag) {
    switch (tag) {
    case LUA_TSTRING:
        return LUA_STRINGS;
    case LUA_TTABLE:
        return LUA_TABLES;
    case LUA_TFUNCTION:
        return LUA_FUNCTIONS;
    case LUA_TUSERDATA:
        return LUA_USERDATA;
    case LUA_TTHREAD:
        return LUA_COROUTINES;
    case LUA_NUMTYPES:
        return LUA_UPVALUES;
    case LUA_NUMTYPES + 1:
        return LUA_PROTOTYPES;
    default:
        return LUA_ARRAYS;
    }
}

static void *lua_part_alloc(void *context, void *block, size_t old_size, size_t new_size) {
    struct logic *logic = context;
    if (block == NULL) {
        void *fresh = new_size == 0 ? NULL : memory_alloc(new_size, category_of_tag(old_size));
        logic->bytes += fresh != NULL ? new_size : 0;
        return fresh;
    }
    if (new_size == 0) {
        memory_free(block);
        logic->bytes -= old_size;
        return NULL;
    }
    void *moved = memory_resize(block, new_size, LUA_ARRAYS);
    if (moved == NULL && new_size <= old_size) {
        moved =
            block; /* Lua has no way to handle a shrink that fails, and the block is big enough. */
    }
    logic->bytes += moved != NULL ? new_size - old_size : 0;
    return moved;
}

static int make_entity(lua_State *state) {
    lua_Integer *entity = lua_newuserdatauv(state, 48, 1);
    *entity = luaL_checkinteger(state, 1);
    return 1;
}

void logic_open(struct logic *logic) {
    logic->bytes = 0;
    logic->state = lua_newstate(lua_part_alloc, logic);
    if (logic->state == NULL) {
        fatal("Lua cannot make a state");
    }
    luaL_openlibs(logic->state);
    lua_register(logic->state, "entity", make_entity);
    if (luaL_loadbuffer(logic->state, script, sizeof script - 1, "=script") != LUA_OK ||
        lua_pcall(logic->state, 0, 0, 0) != LUA_OK) {
        fatal(lua_tostring(logic->state, -1));
    }
}

void logic_close(struct logic *logic) {
    lua_close(logic->state);
    if (logic->bytes != 0) {
        mismatch("lua-bytes", "%zu bytes are left when the state is closed", logic->bytes);
    }
}

/* The rule of `score` in the script. */
static uint32_t score(const struct turn *turn) {
    uint64_t sum = 0;
    for (size_t at = 0; at < turn->size; at++) {
        sum = (sum + turn->body[at] * (uint64_t)(at + 1)) % 65521;
    }
    return (uint32_t)sum;
}

size_t logic_play(struct logic *logic, const struct turn *turn, char text[LOGIC_TEXT_MAX]) {
    lua_State *state = logic->state;
    uint32_t expected = score(turn);
    if (damage_once(DAMAGE_LUA_RESULT)) {
        expected++;
    }
    const int length =
        snprintf(text, LOGIC_TEXT_MAX, "%u/%u/%u", turn->client, turn->sequence, expected);
    lua_getglobal(state, "on_message");
    lua_pushinteger(state, turn->client);
    lua_pushinteger(state, turn->sequence);
    lua_pushlstring(state, (const char *)turn->body, turn->size);
    if (lua_pcall(state, 3, 2, 0) != LUA_OK) {
        mismatch("lua-result", "%s", lua_tostring(state, -1));
        lua_settop(state, 0);
        return (size_t)length;
    }
    size_t size = 0;
    const char *answer = lua_tostring(state, -2);
    const char *body = lua_tolstring(state, -1, &size);
    if (answer == NULL || strcmp(answer, text) != 0) {
        mismatch("lua-result", "Lua answers %s, and C %s", answer != NULL ? answer : "nothing",
                 text);
    }
    if (body == NULL || size != turn->size || memcmp(body, turn->body, size) != 0) {
        mismatch("lua-result", "the body changed in Lua");
    }
    lua_settop(state, 0);
    return (size_t)length;
}

void logic_check_bytes(struct logic *logic) {
    const size_t counted = (size_t)lua_gc(logic->state, LUA_GCCOUNT) * 1024 +
                           (size_t)lua_gc(logic->state, LUA_GCCOUNTB);
    const size_t allocated = logic->bytes + (damage_once(DAMAGE_LUA_BYTES) ? 1 : 0);
    if (counted != allocated) {
        mismatch("lua-bytes", "Lua counts %zu bytes, its allocator %zu", counted, allocated);
    }
}
