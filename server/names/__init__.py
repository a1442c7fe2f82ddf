"""名称 what a firm's name is made of: normal form, parts, tokens, pinyin; pure. Not for persons' names, nor for asking."""
