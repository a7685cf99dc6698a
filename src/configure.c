/* SPDX-License-Identifier: MIT
 *
 * configure: the public door to a category's options.
 *
 * Owns:     nothing.
 * Callers:  any thread.
 * Promises: as corral/configure.h.
 * Does not: keep options; see control.h.
 */
#include <corral/configure.h>

#include "arena.h"
#include "budget.h"
#include "category.h"
#include "control.h"
#include "trial.h"

#include <string.h>

#define MILLION 1000000u

static bool are_legal(const corral_category_options *options) {
    return (options->name == NULL || corral_control_name_fits(options->name)) &&
           options->soft_budget <= PTRDIFF_MAX && options->hard_budget <= PTRDIFF_MAX &&
           options->reserve <= PTRDIFF_MAX && options->keep <= PTRDIFF_MAX &&
           (uint32_t)options->huge_pages <= CORRAL_HUGE_PAGES_EXPLICIT && options->exact <= 1 &&
           options->zero_on_free <= 1 && options->isolated <= 1 &&
           (uint32_t)options->misuse <= CORRAL_MISUSE_ABORT && options->fail_per_million <= MILLION;
}

/* What a caller knows of the struct; the rest is 0. False when it is not legal. */
static bool read_options(corral_category_options *ours, const corral_category_options *options,
                         size_t options_size) {
    if (options == NULL || options_size == 0) {
        return false;
    }
    *ours = (corral_category_options){0};
    memcpy(ours, options, options_size < sizeof *ours ? options_size : sizeof *ours);
    return are_legal(ours);
}

/* Writes what a caller knows of the struct. */
static corral_status give_options(uint32_t which, corral_category_options *options, size_t options_size) {
    if (options == NULL || options_size == 0) {
        return CORRAL_EINVAL;
    }
    corral_category_options ours;
    corral_control_get(which, &ours);
    memcpy(options, &ours, options_size < sizeof ours ? options_size : sizeof ours);
    return CORRAL_OK;
}

/* Has a category's reserve made, which is not taken away from then on, then sets the rest. What fails leaves all as it
 * was, unless another thread has set the reserve meanwhile. */
static corral_status set_options(uint32_t category, const corral_category_options *options) {
    if (!corral_arena_may_reserve(category, options->reserve)) {
        return CORRAL_ENOMEM;
    }
    uint64_t before = corral_control_set_reserve(category, options->reserve);
    corral_status status = CORRAL_ENOMEM;
    if (corral_arena_reserve(category, options->reserve)) {
        status = corral_control_set(category, options);
    }
    if (status != CORRAL_OK) {
        corral_control_reset_reserve(category, options->reserve, before);
        corral_arena_end_empty_of(category);
    }
    return status;
}

corral_status corral_category_configure(uint32_t memory_type_id, const corral_category_options *options,
                                        size_t options_size) {
    corral_category_options ours;
    if (!read_options(&ours, options, options_size)) {
        return CORRAL_EINVAL;
    }
    uint32_t category = corral_category_of_id(memory_type_id);
    if (category == CATEGORY_OVERFLOW) {
        return CORRAL_ENOMEM;
    }
    corral_status status = set_options(category, &ours);
    if (status == CORRAL_OK) {
        corral_recall(category);
    }
    return status;
}

corral_status corral_process_configure(const corral_category_options *options, size_t options_size) {
    corral_category_options ours;
    if (!read_options(&ours, options, options_size)) {
        return CORRAL_EINVAL;
    }
    corral_status status = corral_control_set(CONTROL_PROCESS, &(corral_category_options){
                                                                   .soft_budget = ours.soft_budget,
                                                                   .hard_budget = ours.hard_budget,
                                                                   .callback = ours.callback,
                                                                   .argument = ours.argument,
                                                                   .keep = ours.keep,
                                                                   .decay_ms = ours.decay_ms,
                                                               });
    uint32_t end = load_relaxed(&corral_category_end); /* [R:hint] */
    for (uint32_t category = 0; status == CORRAL_OK && category < end; category++) {
        corral_recall(category);
    }
    return status;
}

corral_status corral_process_options_of(corral_category_options *options, size_t options_size) {
    return give_options(CONTROL_PROCESS, options, options_size);
}

corral_status corral_category_options_of(uint32_t memory_type_id, corral_category_options *options,
                                         size_t options_size) {
    if (options == NULL || options_size == 0) {
        return CORRAL_EINVAL;
    }
    bool known;
    uint32_t category = corral_category_find(memory_type_id, &known);
    if (!known || category == CATEGORY_OVERFLOW) {
        memset(options, 0, options_size < sizeof *options ? options_size : sizeof *options);
        return CORRAL_EUNUSED;
    }
    return give_options(category, options, options_size);
}

const char *corral_category_name(uint32_t memory_type_id) {
    bool known;
    uint32_t category = corral_category_find(memory_type_id, &known);
    return known && category != CATEGORY_OVERFLOW ? control_name(category) : NULL;
}
