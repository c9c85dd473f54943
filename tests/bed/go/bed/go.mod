module openclaw/bed

go 1.27.0
