"""Why an experiment did not pass, in one sentence, from evidence: samples, Envoys' clusters, control planes' state.

``clues`` is what a platform shows, ``facts`` and ``names`` what samples say, ``seen`` both together; each of ``rules``
knows one cause, and ``reasoning`` asks them.
"""
