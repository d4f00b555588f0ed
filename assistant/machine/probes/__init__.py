"""What can be found out about this machine, one subject a file.

Every probe takes nothing and returns a part of the report as plain data (the shape of the published
schema); what is unknown is left out. They run at once, each with a time of its own
(`collecting.collect`). All but `nvml` need the standard library alone and Python 3.8: `script.py`
joins them into the one file that runs on other machines.
"""
