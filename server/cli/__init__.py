"""命令行 ``python -m server …``: starts things and prints what happened. Not for decisions: services make them."""
