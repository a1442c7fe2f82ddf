"""标识 identifiers of subjects, persons and vehicles: pure checks with messages for a clerk. Not for masking.

``uscc`` codes of organisations · ``certificates`` of persons and the key to find one · ``plates`` and their colours ·
``divisions`` of GB/T 2260, with history. Each ``check_…`` gives the normal form or raises ``Invalid``.
"""
