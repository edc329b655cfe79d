# SPDX-License-Identifier: MIT
# tests/cli/contract.awk: reads a guest in the words of tests/fake/command.h, separated by " ; ", and prints hexadecimal
# digits: with want=text the text that it prints, with want=code a real-mode program that does the same, or nothing.
BEGIN {
  for (i = 1; i < 256; i++)
    ord[sprintf("%c", i)] = i
  value["n"] = 10; value["r"] = 13; value["t"] = 9; value["e"] = 27; value["\\"] = 92; value["\""] = 34
}
function digit(c) {
  return index("0123456789abcdef", tolower(c)) - 1
}
function le(n, bytes, digits) {
  for (digits = ""; bytes > 0; bytes--) {
    digits = digits sprintf("%02x", n % 256)
    n = int(n / 256)
  }
  return digits
}
function number(word, n, i) {
  if (word !~ /^0x/)
    return word + 0
  for (i = 3; i <= length(word); i++)
    n = 16 * n + digit(substr(word, i, 1))
  return n
}
# The bytes of what stands between the quotes, each with `before` and `after` it.
function bytes(text, before, after, digits, c, n, i) {
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c != "\\")
      n = ord[c]
    else if ((c = substr(text, ++i, 1)) in value)
      n = value[c]
    else if (c == "x") {
      n = 16 * digit(substr(text, i + 1, 1)) + digit(substr(text, i + 2, 1))
      i += 2
    } else {
      n = 64 * c + 8 * substr(text, i + 1, 1) + substr(text, i + 2, 1)
      i += 2
    }
    digits = digits before sprintf("%02x", n) after
  }
  return digits
}
function out(port, size, n) { # mov dx, port; mov al/ax/eax, n; out dx, ...
  if (size == 1)
    return "ba" le(port, 2) "b0" le(n, 1) "ee"
  return "ba" le(port, 2) (size == 4 ? "66b8" le(n, 4) "66ef" : "b8" le(n, 2) "ef")
}
function instructions(word, words) {
  if (word == "print")
    return "baf803" bytes(quoted, "b0", "ee")
  if (word == "debug")
    return "ba0204" bytes(quoted, "b0", "ee")
  if (word == "out")
    return out(number(words[2]), words[3], number(words[4]))
  if (word == "reset")
    return out(3321, 1, 6) # 0xcf9
  if (word == "power-off")
    return out(45060, 2, 8192) # 0xb004
  if (word == "shutdown")
    return "b80080ffe0" # mov ax, 0x8000; jmp ax: where contract.inc puts a triple fault
  if (word == "halt")
    return "faf4ebfc" # cli; hlt; and again
  if (word != "wait")
    real = 0
  return ""
}
function directive(line, words, quoted_at) {
  split(line, words, " ")
  if (words[1] == "repeat") {
    times = words[2]
    return
  }
  quoted = line
  sub(/^[^"]*"/, "", quoted)
  sub(/"$/, "", quoted)
  for (; times > 0; times--) {
    code = code instructions(words[1], words)
    if (words[1] == "print")
      text = text bytes(quoted, "", "")
  }
  times = 1
}
{
  real = times = 1
  n = split($0, lines, / ; /)
  for (i_line = 1; i_line <= n; i_line++)
    directive(lines[i_line])
  if (want == "text")
    print text
  else if (real)
    print code "fbf4ebfd" # sti; hlt; and again
}
