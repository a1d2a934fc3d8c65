#pragma once

/*
 * Names of an enum's values are a switch of these, without default: the compiler (-Wswitch) refuses
 * a value that was given no name, which a table would leave as a hole to fall into. What follows
 * the switch is for a value that the enum does not have.
 */
#define SPF_NAME(value, name) \
    case value:               \
        return name
