"""The console: pages for people, over the same answers that programs get from the API.

``routes`` lists the pages, ``routing`` says who may see one before its function in ``pages`` runs,
and ``visits`` is what that function works with. ``parts`` makes answers of the API ready for
``templates``: what pages share, and what one of them would be too long with.
"""
