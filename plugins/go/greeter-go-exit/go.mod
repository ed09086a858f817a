module plugdeck.invalid/greeter-go-exit

go 1.21
