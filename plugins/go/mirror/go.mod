module plugdeck.example/mirror

go 1.21
