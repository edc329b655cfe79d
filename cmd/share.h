/* SPDX-License-Identifier: MIT */
/* cmd/share.h: files of share/ that are part of the program, each a string. */
#ifndef CMD_SHARE_H
#define CMD_SHARE_H

extern const char share_explain[]; /* share/explain.txt, which says at its top what form it has */
/* Of share/completion/, for the shell of that name. */
extern const char share_completion_bash[], share_completion_zsh[], share_completion_fish[];

#endif
