module plugdeck.invalid/users-go

go 1.21
