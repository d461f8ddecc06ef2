"""Generated data set in the layout of the real one: equally untidy, free to publish.

:mod:`~mmsent.demo.plan` decides what each post is like, :mod:`~mmsent.demo.texts` and
:mod:`~mmsent.demo.pictures` generate its text and picture, and :mod:`~mmsent.demo.write` writes
the files.
"""
