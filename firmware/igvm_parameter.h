/* SPDX-License-Identifier: MIT */
/*
 * firmware/igvm_parameter.h: what a launch of the manifest writes into the parameter areas of an
 * IGVM file: number of vCPUs, memory map, command line, ... None of it is measured.
 */
#ifndef FIRMWARE_IGVM_PARAMETER_H
#define FIRMWARE_IGVM_PARAMETER_H

#include <stddef.h>
#include <stdint.h>

#include "config/manifest.h"

/* Whether there is a value for parameters of the type (enum igvm_type). */
bool igvm_parameter_known(uint32_t type);

/*
 * Writes the value if it fits into `room` bytes. Returns the bytes that it takes, in any case; 0 if
 * there is none.
 */
size_t igvm_parameter_fill(uint32_t type, const struct manifest *m, uint8_t *to, size_t room);

#endif
