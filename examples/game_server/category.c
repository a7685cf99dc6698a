/* SPDX-License-Identifier: MIT
 *
 * The table that category.h describes.
 *
 * Owns:     constants.
 * Callers:  any thread.
 * Promises: nothing here changes while the program runs.
 * Does not: allocate.
 */
#include "category.h"

#define FOURCC(a, b, c, d)                                                                         \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* Lua hands its type tag to the allocator, so the tag becomes part of the id. */
#define LUA_ID(tag) (FOURCC('L', 'U', 'A', 0) + (tag))

const struct category_entry category_table[CATEGORIES] = {
    [PARTY_ANY] = {"party any", LIBRARY_PARTY, 0},
    [PARTY_NETWORK] = {"party network", LIBRARY_PARTY, 1},
    [PARTY_AUDIO] = {"party audio", LIBRARY_PARTY, 2},
    [PARTY_DISPATCH] = {"party dispatch", LIBRARY_PARTY, 3},
    [PARTY_PEERS] = {"party peers", LIBRARY_PARTY, FOURCC('P', 'e', 'e', 'r')},
    [PARTY_VOICE] = {"party voice", LIBRARY_PARTY, FOURCC('V', 'o', 'i', 'c')},
    [PARTY_EVENTS] = {"party events", LIBRARY_PARTY, UINT32_C(0x20000000) | 3},
    [PARTY_SCRATCH] = {"party scratch", LIBRARY_PARTY, UINT32_C(0xC0000000) | 1},
    [ENET_HOSTS] = {"enet hosts", LIBRARY_ENET, 16},
    [ENET_PACKETS] = {"enet packets made", LIBRARY_ENET, 17},
    [ENET_SERVICE] = {"enet send, receive", LIBRARY_ENET, 18},
    [LUA_ARRAYS] = {"lua arrays, other", LIBRARY_LUA, LUA_ID(0)},
    [LUA_STRINGS] = {"lua strings", LIBRARY_LUA, LUA_ID(4)},
    [LUA_TABLES] = {"lua tables", LIBRARY_LUA, LUA_ID(5)},
    [LUA_FUNCTIONS] = {"lua functions", LIBRARY_LUA, LUA_ID(6)},
    [LUA_USERDATA] = {"lua userdata", LIBRARY_LUA, LUA_ID(7)},
    [LUA_COROUTINES] = {"lua coroutines", LIBRARY_LUA, LUA_ID(8)},
    [LUA_UPVALUES] = {"lua upvalues", LIBRARY_LUA, LUA_ID(9)},
    [LUA_PROTOTYPES] = {"lua prototypes", LIBRARY_LUA, LUA_ID(10)},
    [SQL_STATEMENTS] = {"sqlite statements", LIBRARY_SQLITE, FOURCC('S', 'Q', 'L', 'p')},
    [SQL_STORAGE] = {"sqlite storage", LIBRARY_SQLITE, FOURCC('S', 'Q', 'L', 's')},
    [HTTP_CLIENT] = {"nghttp2 client", LIBRARY_NGHTTP2, FOURCC('H', '2', 'c', 'l')},
    [HTTP_SERVER] = {"nghttp2 server", LIBRARY_NGHTTP2, FOURCC('H', '2', 's', 'v')},
    [GAME_HTTP_BODIES] = {"game http bodies", LIBRARY_GAME, UINT32_C(0x10000000) | 20},
    [GAME_HTTP_WIRE] = {"game http wire", LIBRARY_GAME, UINT32_C(0x10000000) | 21},
    [GAME_SAVES] = {"game saves", LIBRARY_GAME, UINT32_C(0x10000000) | 22},
};

const char *const library_names[LIBRARIES] = {
    [LIBRARY_PARTY] = "party",   [LIBRARY_ENET] = "enet",       [LIBRARY_LUA] = "lua",
    [LIBRARY_SQLITE] = "sqlite", [LIBRARY_NGHTTP2] = "nghttp2", [LIBRARY_GAME] = "game",
};

enum category category_of_party(uint32_t id) {
    unsigned which = 0;
    while (which < PARTY_CATEGORIES && category_table[which].id != id) {
        which++;
    }
    return which < PARTY_CATEGORIES ? (enum category)which : CATEGORIES;
}
