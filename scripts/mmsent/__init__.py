"""mmsent: a benchmark for multimodal (text + image) sentiment that can be trusted.

The layers, lowest first; a module imports from its own layer and from those before it, never from
those after it (``tests/test_architecture.py`` holds the rule):

``labels files tables sources`` < ``config`` < ``data`` < ``demo`` < ``encoders`` < ``models``
< ``evaluation`` < ``training`` < ``figures`` < ``report`` < ``workflow``
"""
