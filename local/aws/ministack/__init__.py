"""MiniStack: an emulator of AWS that deploys the package and really runs its functions.

``server.py`` starts it, ``door.py`` gives the deployed API the address it has on AWS, ``stack.py``
deploys with CloudFormation. README.md tells where it differs from AWS.
"""
