"""mmsent: a benchmark for multimodal (text + image) sentiment that can be trusted.

The layers, lowest first; a module imports from its layer and from those before it, never from
those after it (``tests/test_architecture.py``):

``paths files tables labels errors sources progress`` < ``config`` < ``data`` < ``demo`` <
``encoders`` < ``models`` < ``evaluation`` < ``training`` < ``vlm`` < ``figures`` < ``report`` <
``plan``
"""
