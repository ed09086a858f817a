module plugdeck.invalid/runner

go 1.21
