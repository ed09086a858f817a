module plugdeck.invalid/solarize

go 1.21
