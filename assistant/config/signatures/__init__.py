"""Which arguments the libraries take: in the installed version, and in others by a carried history."""
