"""Converting a folder of pictures and videos, or one of them, with any model: what is done is done
once, however often the work is stopped, killed and begun again.

`job` is the folder in which a conversion lies, `finding` what it converts, `hand` how a picture
goes through the model, `film` and `reel` how a video is read and written, `steady` what keeps it
from flickering, `work` the loop over all.
"""
